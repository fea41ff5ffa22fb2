import { parseAddress } from '../../shared/address.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput } from '../failure.ts';
import type { Output } from '../output.ts';
import { instant } from '../view/text.ts';
import { labelled } from '../wrap.ts';
import { changesOf, type Logs } from './query.ts';
import { type Trail, type TrailedChange, withTrail } from './trail.ts';

const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `7d` in milliseconds. @throws BadInput for anything else than a number of m, h or d. */
export function durationOf(text: string): number {
  const { number = '', unit = '' } =
    /^(?<number>[1-9]\d{0,4})(?<unit>[mhd])$/.exec(text)?.groups ?? {};
  if (unit === 'm' || unit === 'h' || unit === 'd') return Number(number) * UNITS[unit];
  throw new BadInput(`--since ${text}: give a number of minutes, hours or days, such as 30m or 7d`);
}

export interface HistoryOptions {
  readonly stage?: string | undefined;
  readonly since: string;
  readonly clock: Clock;
  readonly logs: Logs;
  /** Absent: CloudTrail is not asked. */
  readonly trail?: Trail;
}

/**
 * Who had an address when?
 *
 * @returns the exit code: 3 if nothing is known.
 * @throws BadInput if the arguments are wrong; Failed if CloudWatch Logs refuses.
 */
export async function historyCommand(
  text: string,
  { stage, since, clock, logs, trail }: HistoryOptions,
  output: Output,
): Promise<number> {
  const address = parseAddress(text);
  if (address === undefined) throw new BadInput(`${text} is no address, such as 172.16.1.70`);
  if (stage === undefined) throw new BadInput('whose log? Give --stage');
  const from = clock.now() - durationOf(since);
  output.progress(`${stage}: asking the log of reconcile`);
  const logged = await changesOf(logs, { address, stage, from, clock });
  if (trail !== undefined) output.progress(`${stage}: asking CloudTrail`);
  const changes = trail === undefined ? logged : await withTrail(trail, logged, clock);
  output.result({
    address,
    stage,
    from: instant(from),
    changes: changes.map((change) => ({ ...change, at: instant(change.at) })),
  });
  output.line(address);
  for (const change of changes) {
    for (const line of labelled(instant(change.at), textOf(change), 2, 22)) output.line(line);
    for (const text of auditOf(change)) {
      for (const line of labelled('', text, 2, 22)) output.line(line);
    }
  }
  output.line('');
  output.line(`Since ${instant(from)}, as far as the log is kept (logRetentionDays of the stage).`);
  return changes.length === 0 ? EXIT.nothing : EXIT.ok;
}

/** How a change can be found elsewhere: what asked for it, EC2's request, and who CloudTrail says it was. */
function auditOf({ messages = [], request, fromRequest, trail }: TrailedChange): string[] {
  const asked = messages.length === 0 ? [] : [`messages ${messages.join(', ')}`];
  const requests = [
    ...(fromRequest === undefined ? [] : [`EC2 request ${fromRequest} (unassigned)`]),
    ...(request === undefined ? [] : [`EC2 request ${request}`]),
  ];
  const known =
    trail === undefined
      ? []
      : [
          trail === 'unknown'
            ? 'CloudTrail does not have it (yet: its events come after some minutes)'
            : `CloudTrail: ${trail.event} by ${trail.by} from ${trail.from} at ${trail.at}${trail.error === undefined ? '' : `, ${trail.error}`}`,
        ];
  return [...asked, ...requests, ...known];
}

function textOf({
  change,
  eni,
  pod,
  from,
  why,
  cluster,
  node,
  reasons,
  lostBy,
}: TrailedChange): string {
  const asked = `${cluster}/${node}, asked by ${reasons.join(' and ')}`;
  const lost = lostBy === undefined ? '' : `, which ${lostBy} had`;
  switch (change) {
    case 'assigned':
      return `assigned to ${eni} for ${pod} (${asked})`;
    case 'taken-over':
      return `taken over from ${from} to ${eni} for ${pod}${lost} (${asked})`;
    case 'released':
      return `released from ${eni}${lost} (${asked})`;
    case 'refused':
      return `refused to ${pod}: ${why} (${asked})`;
  }
}

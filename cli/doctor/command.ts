import { parseNetworks } from '../../shared/claims/net-attach-def.ts';
import { auditPools } from '../../shared/drift/pool-audit.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput } from '../failure.ts';
import { count, type Output } from '../output.ts';
import { readLeader } from '../status/lease.ts';
import { partly } from '../view/partial.ts';
import { readView } from '../view/view.ts';
import { labelled } from '../wrap.ts';
import type { Check, Finding, Subject } from './check.ts';
import { CHECKS } from './checks/index.ts';
import { definitionsIn } from './manifests.ts';
import { readReservations } from './reservations.ts';

interface Found extends Pick<Check, 'code' | 'name' | 'reason' | 'fix' | 'source'> {
  readonly findings: readonly Finding[];
}

/**
 * What is set up wrongly in a cluster?
 *
 * @param pre before anything of ours is installed.
 * @returns the exit code: 4 where a check found something.
 * @throws Failed where the cluster or EC2 cannot be read.
 */
export async function doctorCommand(
  look: Look,
  pre: boolean,
  { clock }: { readonly clock: Clock },
  output: Output,
): Promise<number> {
  const { access, api } = look;
  const subject = await unlessRefused(access.cluster, async (): Promise<Subject> => {
    // First: whom something is kept for is there before, and so is in the list of pods.
    const reservations = await readReservations(api, () =>
      output.warn(
        `${access.cluster}: what whereabouts keeps for pods may not be listed, and is not looked at`,
      ),
    );
    const view = await readView(access, output.progress);
    const leader = pre ? undefined : ((await readLeader(api)) ?? 'none');
    const { byName: networks, unreadable } = view.state.networks;
    const { definitions } = view;
    const now = clock.now();
    const pools = reservations && auditPools(reservations, view.allPods, now);
    return { view, definitions, networks, unreadable, leader, pools, now };
  });
  const asked = CHECKS.filter(({ asks }) => !pre || asks !== 'installed');
  return partly(tell(access.cluster, asked, subject, output), subject.view?.missing ?? [], output);
}

/**
 * What is wrong in manifests, without a cluster? Returns as the other.
 *
 * @throws BadInput where a file cannot be read, or has no NetworkAttachmentDefinition.
 */
export async function lintCommand(
  paths: readonly string[],
  { clock }: { readonly clock: Clock },
  output: Output,
): Promise<number> {
  const definitions = await definitionsIn(paths);
  if (definitions.length === 0) {
    throw new BadInput(`${paths.join(', ')}: no NetworkAttachmentDefinition is in there`);
  }
  const { networks, unreadable } = parseNetworks(definitions);
  const asked = CHECKS.filter(({ asks }) => asks === 'manifests');
  const subject = { definitions, networks, unreadable, now: clock.now() };
  return tell(count(definitions.length, 'definition'), asked, subject, output);
}

function tell(what: string, asked: readonly Check[], subject: Subject, output: Output): number {
  const all = asked.map(({ find, asks: _, ...check }): Found => {
    return { ...check, findings: find(subject) };
  });
  const found = all.filter(({ findings }) => findings.length > 0);
  output.result({ about: what, asked: asked.map(({ code }) => code), found });
  for (const { code, name, reason, fix, findings } of found) {
    output.line(`${code} ${name}`, 'bad');
    for (const { text } of findings) {
      for (const line of labelled('-', text, 2, 2)) output.line(line);
    }
    for (const line of labelled('why', reason, 2, 5)) output.line(line);
    for (const line of labelled('fix', fix, 2, 5)) output.line(line);
    output.line('');
  }
  const checks = count(asked.length, 'check');
  if (found.length === 0) output.line(`${what}: ${checks}, and nothing is wrong.`, 'good');
  else output.line(`${what}: ${checks}, of which ${found.length} found something.`, 'bad');
  return found.length === 0 ? EXIT.ok : EXIT.found;
}

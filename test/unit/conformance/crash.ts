import { isDeepStrictEqual } from 'node:util';
import type { Check } from '../../../conformance/check.ts';
import { CHECKS } from '../../../conformance/facts/index.ts';
import type { RunOptions } from '../../../conformance/run-checks.ts';
import type { Ec2 } from '../../../shared/enis/ec2.ts';
import { labBed } from './lab-bed.ts';

/** At a call: before EC2 has it, or when EC2 has done it. */
export type When = 'before' | 'after';

/** A call of a run. */
export interface Sent {
  readonly action: string;
  /** What the run was at: a check's id, or what it does before and after all checks. */
  readonly at: string;
}

/** Which checks a run makes. */
export interface CrashedPart {
  readonly checks: readonly Check[];
  /** With AWS's token buckets, which may be emptied. */
  readonly drain: boolean;
}

/** What a run is at before its first check. */
const BEGINNING = 'the beginning';

/** All that empties no bucket, in one run. */
export const WHOLE: CrashedPart = { checks: CHECKS.filter(({ drains }) => !drains), drain: false };

/** Those that empty one, in a run of its own each: their calls are many and alike. */
export const BUCKETS: readonly CrashedPart[] = CHECKS.filter(({ drains }) => drains).map(
  (check) => ({
    checks: [check],
    drain: true,
  }),
);

/** What the run after a crash makes, so that it is seen to be able to. */
const NEXT = CHECKS.filter(({ id }) => id === 'assign');

/** The calls of a run that nobody ends, in their order. */
export async function sentBy(part: CrashedPart): Promise<readonly Sent[]> {
  const sent: Sent[] = [];
  await runWith(bedOf(part), part, (each, send) => {
    sent.push(each);
    return send();
  });
  return sent;
}

/**
 * Ends the process of a run at the first call that is meant, and runs it again.
 *
 * @param isMeant is told of each call, and of its number, the first of which is 1.
 * @returns what is wrong then, in words; `undefined` if no call of the run is meant.
 */
export async function crash(
  part: CrashedPart,
  when: When,
  isMeant: (sent: Sent, nth: number) => boolean,
): Promise<string[] | undefined> {
  const bed = bedOf(part);
  const before = enisOf(bed);
  let calls = 0;
  let ended = false;
  await runWith(bed, part, async (sent, send) => {
    calls += 1;
    const isLast = !ended && isMeant(sent, calls);
    const isDone = !ended && !(isLast && when === 'before');
    ended ||= isLast;
    const answer = isDone ? await send() : undefined;
    if (!isDone || isLast) throw new Error('the process has ended');
    return answer;
  }).catch(() => undefined);
  if (!ended) return undefined;
  bed.ec2.throttle.disable();
  const next = await bed.run({ checks: NEXT });
  const left = enisOf(bed).filter((eni) => !before.some(({ id }) => id === eni.id));
  const wrong = next.results.filter(({ verdict }) => verdict !== 'as expected');
  return [
    ...left.map(({ id }) => `${id} is left`),
    ...next.after.left.map(({ eniId, why }) => `${eniId} was not removed: ${why}`),
    ...wrong.map(({ id, seen }) => `${id} was not as expected in the next run: ${seen}`),
    ...(isDeepStrictEqual(enisOf(bed), before) ? [] : ['the ENIs are not as before']),
  ];
}

type Bed = ReturnType<typeof labBed>;

function bedOf({ drain }: CrashedPart): Bed {
  const bed = labBed();
  if (drain) bed.ec2.throttle.enable();
  return bed;
}

function enisOf({ ec2 }: Bed) {
  return [...ec2.snapshot().enis.values()];
}

/** Runs `part`, each call of which goes through `pass`. */
function runWith(
  { clients, run }: Bed,
  part: CrashedPart,
  pass: (sent: Sent, send: () => Promise<unknown>) => Promise<unknown>,
) {
  let at: string = BEGINNING;
  return run({
    ...part,
    clients: eachCall(clients, (action, send) => pass({ action, at }, send)),
    onProgress: (text) => {
      at = text;
    },
  });
}

/** The clients, whose calls go through `pass`. */
function eachCall(
  { client, once }: RunOptions['clients'],
  pass: (action: string, send: () => Promise<unknown>) => Promise<unknown>,
): RunOptions['clients'] {
  const passing = (ec2: Ec2): Ec2 => ({
    send: new Proxy(ec2.send.bind(ec2), {
      apply: (send, self, args: unknown[]) => {
        const [command] = args;
        const name = command instanceof Object ? command.constructor.name : '';
        return pass(name.replace(/Command$/, ''), async () => Reflect.apply(send, self, args));
      },
    }),
  });
  return { client: passing(client), once: passing(once) };
}

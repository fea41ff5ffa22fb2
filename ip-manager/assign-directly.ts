import type { Address } from '../shared/address.ts';
import { assignAddresses } from './assign-addresses.ts';
import { pauseAfter } from './back-off.ts';
import { ec2Access } from './ec2-access.ts';
import { reasonToTryAgain } from './explain.ts';
import type { Outside } from './outside.ts';
import { describeOutcome, reasonsOf } from './report.ts';
import type { Seen } from './seen.ts';

const BACK_OFF = { firstMs: 500, mostMs: 30_000 };

/**
 * Assigns the pod's addresses as they come. As the guide's sidecar, it unassigns none.
 *
 * @throws Failure where there is no instance metadata or no permission, and the signal's reason.
 */
export async function assignDirectly(
  outside: Outside,
  seen: Seen,
  signal: AbortSignal,
): Promise<never> {
  const { clock, environment, random } = outside;
  const say = whenNew(outside.say);
  const instance = await outside.readInstance(signal);
  const ec2 = ec2Access(outside.ec2Clients(instance.region), instance, environment, clock);
  let contested: ReadonlySet<Address> = new Set();
  let failures = 0;
  for (;;) {
    const pause = failures === 0 ? undefined : pauseAfter(failures, BACK_OFF, random);
    await seen.changed.heard(signal, pause);
    const addresses = seen.addresses();
    if (addresses.length === 0) continue;
    try {
      const outcome = await assignAddresses(ec2, addresses, contested, signal);
      const { waiting, failed } = outcome;
      say([...describeOutcome(outcome), ...reasonsOf([...waiting, ...failed])]);
      contested = new Set(waiting.filter((each) => each.elsewhere).map((each) => each.address));
      failures = waiting.length === 0 ? 0 : failures + 1;
    } catch (error) {
      signal.throwIfAborted();
      say([reasonToTryAgain(error)]);
      failures += 1;
    }
  }
}

/** Says of a list of lines those that the list before did not have. */
function whenNew(say: (line: string) => void): (lines: readonly string[]) => void {
  let before: readonly string[] = [];
  return (lines) => {
    for (const line of lines) if (!before.includes(line)) say(line);
    before = lines;
  };
}

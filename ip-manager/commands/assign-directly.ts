import type { Address } from '../../shared/address.ts';
import { pauseAfter } from '../../shared/time/back-off.ts';
import type { ChangeSignal } from '../addresses/change-signal.ts';
import type { PodAddress } from '../addresses/pod-addresses.ts';
import { assignAddresses } from '../assign/assign-addresses.ts';
import { type InstanceEc2, instanceEc2 } from '../assign/ec2-access.ts';
import { reasonToTryAgain } from '../assign/explain.ts';
import { describeOutcome, reasonsOf } from '../assign/report.ts';
import type { IpManagerOutside } from './outside.ts';

const BACK_OFF = { first: 500, most: 30_000, jitter: 0.5 };
/** Where somebody has to give a permission first: EC2 counts also the calls that it refuses. */
const LONG_BACK_OFF = { first: 500, most: 5 * 60_000, jitter: 0.5 };

/** What is to be assigned, which changes. */
export interface Unpublished {
  readonly addresses: () => readonly PodAddress[];
  readonly changed: ChangeSignal;
}

/**
 * Assigns addresses as they come. As the guide's sidecar, it unassigns none. What fails is said and
 * tried again, whatever it is: the publishing at its side must not end with it.
 *
 * @throws the signal's reason.
 */
export async function assignDirectly(
  outside: IpManagerOutside,
  { addresses, changed }: Unpublished,
  signal: AbortSignal,
): Promise<never> {
  const say = whenNew(outside.say);
  let ec2: InstanceEc2 | undefined;
  let contested: ReadonlySet<Address> = new Set();
  let failures = 0;
  let backOff = BACK_OFF;
  for (;;) {
    const pause = failures === 0 ? undefined : pauseAfter(failures, backOff, outside.random);
    await changed.wait(signal, pause);
    const wanted = addresses();
    if (wanted.length === 0) {
      failures = 0;
      continue;
    }
    try {
      ec2 ??= await accessEc2(outside, signal);
      const outcome = await assignAddresses(ec2, wanted, contested, signal);
      const { waiting, failed } = outcome;
      say([...describeOutcome(outcome), ...reasonsOf([...waiting, ...failed])]);
      contested = new Set(waiting.filter((each) => each.elsewhere).map((each) => each.address));
      failures = waiting.length === 0 ? 0 : failures + 1;
      backOff = BACK_OFF;
    } catch (error) {
      signal.throwIfAborted();
      const { reason, passes } = explained(error);
      say([reason]);
      failures += 1;
      backOff = passes ? BACK_OFF : LONG_BACK_OFF;
    }
  }
}

async function accessEc2(outside: IpManagerOutside, signal: AbortSignal): Promise<InstanceEc2> {
  const instance = await outside.readInstance(signal);
  const clients = outside.ec2Clients(instance.region);
  return instanceEc2(clients, instance, outside.environment, outside.clock);
}

function explained(error: unknown): { readonly reason: string; readonly passes: boolean } {
  try {
    return { reason: reasonToTryAgain(error), passes: true };
  } catch (lasting) {
    return { reason: lasting instanceof Error ? lasting.message : String(lasting), passes: false };
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

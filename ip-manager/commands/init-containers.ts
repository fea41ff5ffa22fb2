import type { Address } from '../../shared/address.ts';
import { pauseAfter } from '../../shared/time/back-off.ts';
import { sleep } from '../../shared/time/clock.ts';
import { fromNetworkInterfaces, type PodAddress } from '../addresses/pod-addresses.ts';
import { type AssignResult, assignAddresses } from '../assign/assign-addresses.ts';
import { instanceEc2 } from '../assign/ec2-access.ts';
import { reasonToTryAgain } from '../assign/explain.ts';
import { atInterface, describeOutcome, reasonsOf } from '../assign/report.ts';
import { EXIT, Failure } from '../exit-code.ts';
import type { IpManagerOutside } from './outside.ts';
import { type TimeLimit, withTimeLimit } from './time-limit.ts';

const BACK_OFF = { first: 500, most: 10_000, jitter: 0.5 };

/**
 * Gets every address of the pod onto its ENI, and waits for those that another ENI has.
 *
 * @throws Failure that says which address is not there and why, and the signal's reason.
 */
export async function initContainers(outside: IpManagerOutside, limit: TimeLimit): Promise<void> {
  const { say } = outside;
  const addresses = fromNetworkInterfaces(outside.networkInterfaces());
  if (addresses.length === 0) {
    say('nothing to assign: no interface but eth0 and lo has a global address');
    return;
  }
  const outcome = await withTimeLimit(outside, limit, (signal, waitsFor) =>
    assignAll(outside, addresses, { signal, waitsFor }),
  );
  for (const line of describeOutcome(outcome)) say(line);
  const { there, done, failed, notOurs } = outcome;
  const assigned = [...there, ...done];
  if (failed.length > 0) {
    const others = assigned.map((placed) => `${atInterface(placed)} is on ${placed.eni.id}`);
    throw new Failure(EXIT.notAssigned, [...reasonsOf(failed), ...others].join('; '));
  }
  if (assigned.length === 0) {
    const which = notOurs.map(atInterface).join(', ');
    const { key, value } = outside.environment.managedTag;
    throw new Failure(
      EXIT.notAssigned,
      `${which}: no managed ENI of this node has the interface's MAC address or a subnet with it. Attach an ENI of that subnet and tag it ${key}=${value}, or leave this container out`,
    );
  }
}

interface Trying {
  readonly signal: AbortSignal;
  readonly waitsFor: (reason: string) => void;
}

/** Ends when nothing is waited for any more, or when something cannot be assigned. */
async function assignAll(
  outside: IpManagerOutside,
  addresses: readonly PodAddress[],
  { signal, waitsFor }: Trying,
): Promise<AssignResult> {
  const { clock, random, environment } = outside;
  const instance = await outside.readInstance(signal);
  const ec2 = instanceEc2(outside.ec2Clients(instance.region), instance, environment, clock);
  let contested: ReadonlySet<Address> = new Set();
  for (let failures = 1; ; failures += 1) {
    try {
      const outcome = await assignAddresses(ec2, addresses, contested, signal);
      const { failed, waiting } = outcome;
      if (waiting.length === 0 || failed.length > 0) {
        return { ...outcome, failed: [...failed, ...waiting] };
      }
      contested = new Set(waiting.filter((each) => each.elsewhere).map((each) => each.address));
      waitsFor(reasonsOf(waiting).join('; '));
    } catch (error) {
      signal.throwIfAborted();
      waitsFor(reasonToTryAgain(error));
    }
    await sleep(clock, pauseAfter(failures, BACK_OFF, random), signal);
  }
}

import {
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import type { Address } from '../address.ts';
import type { Ec2 } from '../enis/ec2.ts';
import { CodedError } from '../errors.ts';
import type { Clock } from '../time/clock.ts';
import { allOrNothing, type CallOutcome, type Parts } from './all-or-nothing.ts';
import { ofFamily } from './assign.ts';

/** A pod list is good for a release for this many milliseconds (docs/design.md, rule 3). */
const PODS_GOOD_FOR_MS = 1000;

/**
 * Up to this many addresses of one family on one ENI, EC2 is asked one by one which of them the ENI
 * does not have. To ask so about more would use up the calls of the whole account.
 */
const FEW = 2;

/** What a release rests on is too old, or has changed since it was read: the caller reads again. */
export class StalePodsError extends CodedError {
  override readonly name = 'StalePodsError';
  readonly errorCode = 'stale-state';
}

/** How a release is sent: each call once, and only while the pod list is fresh. */
export interface Releasing {
  readonly once: Ec2;
  readonly clock: Clock;
  /** When the pod list was asked for, ms since the epoch. */
  readonly listedAt: number;
  /** Called when a call is about to be sent; what it throws keeps that from being sent. */
  readonly beforeEachCall?: () => void;
  /** Which addresses the ENI does not have any more: EC2's refusal does not say it. */
  readonly absent?: (addresses: readonly Address[]) => Promise<readonly Address[]>;
  readonly signal?: AbortSignal;
}

/**
 * Unassigns addresses from an ENI: one call per family.
 *
 * @throws StalePodsError before any call that the pod list is too old for, and what `beforeEachCall`
 * throws. What the SDK throws if EC2 does not refuse addresses; then the call may have had its effect.
 */
export async function releaseFromEni(
  releasing: Releasing,
  eniId: string,
  addresses: readonly Address[],
): Promise<CallOutcome> {
  const { once, clock, listedAt, beforeEachCall, absent, signal } = releasing;
  const parts: Parts = absent === undefined ? {} : { culprits: culpritsBy(eniId, absent) };
  const assertFresh = (): void => {
    const age = clock.now() - listedAt;
    if (age > PODS_GOOD_FOR_MS) throw new StalePodsError(`the pod list is ${age} ms old`);
    beforeEachCall?.();
  };
  const send = async (call: () => Promise<unknown>): Promise<void> => {
    assertFresh();
    await call();
  };
  const unassignIpv4 = (part: readonly Address[]): Promise<void> => {
    const input = { NetworkInterfaceId: eniId, PrivateIpAddresses: [...part] };
    const command = new UnassignPrivateIpAddressesCommand(input);
    return send(() => once.send(command, { abortSignal: signal }));
  };
  const unassignIpv6 = (part: readonly Address[]): Promise<void> => {
    const input = { NetworkInterfaceId: eniId, Ipv6Addresses: [...part] };
    const command = new UnassignIpv6AddressesCommand(input);
    return send(() => once.send(command, { abortSignal: signal }));
  };
  const ipv4 = await allOrNothing(ofFamily(addresses, 4), unassignIpv4, parts);
  const ipv6 = await allOrNothing(ofFamily(addresses, 6), unassignIpv6, parts);
  return { done: [...ipv4.done, ...ipv6.done], refused: [...ipv4.refused, ...ipv6.refused] };
}

/** @throws StalePodsError if EC2's answer contradicts its read, and more than a few addresses are left. */
function culpritsBy(eniId: string, absent: NonNullable<Releasing['absent']>): Parts['culprits'] {
  let asked = false;
  return {
    of: ['not-assigned', 'unexplained'],
    async among(part, kind) {
      // An answer that says nothing is mostly about one address: halves find that one.
      if (kind === 'unexplained' && asked) return [];
      asked = true;
      const gone = await absent(part);
      if (gone.length > 0 || kind === 'unexplained' || part.length <= FEW) return gone;
      throw new StalePodsError(`EC2 shows on ${eniId} what it says is not there`);
    },
  };
}

import {
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import type { Address } from '../address.ts';
import type { Ec2 } from '../enis/ec2.ts';
import { CodedError } from '../errors.ts';
import type { Clock } from '../time/clock.ts';
import { allOrNothing, type Outcome } from './all-or-nothing.ts';
import { ofFamily } from './assign.ts';

/** A pod list is good for a release for this many milliseconds (docs/design.md, rule 3). */
const PODS_GOOD_FOR_MS = 1000;

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
  readonly signal?: AbortSignal;
}

/**
 * Unassigns addresses from an ENI: one call per family.
 *
 * @throws StalePodsError before any call that the pod list is too old for, and what
 *   `beforeEachCall` throws; what the SDK throws where EC2 does not refuse addresses, and then the
 *   call may have had its effect.
 */
export async function releaseFromEni(
  releasing: Releasing,
  eniId: string,
  addresses: readonly Address[],
): Promise<Outcome> {
  const { once, clock, listedAt, beforeEachCall, signal } = releasing;
  const assertFresh = (): void => {
    const age = clock.now() - listedAt;
    if (age > PODS_GOOD_FOR_MS) throw new StalePodsError(`the pod list is ${age} ms old`);
    beforeEachCall?.();
  };
  const ipv4 = await allOrNothing(ofFamily(addresses, 4), async (part) => {
    assertFresh();
    await once.send(
      new UnassignPrivateIpAddressesCommand({
        NetworkInterfaceId: eniId,
        PrivateIpAddresses: [...part],
      }),
      { abortSignal: signal },
    );
  });
  const ipv6 = await allOrNothing(ofFamily(addresses, 6), async (part) => {
    assertFresh();
    await once.send(
      new UnassignIpv6AddressesCommand({ NetworkInterfaceId: eniId, Ipv6Addresses: [...part] }),
      { abortSignal: signal },
    );
  });
  return { done: [...ipv4.done, ...ipv6.done], refused: [...ipv4.refused, ...ipv6.refused] };
}

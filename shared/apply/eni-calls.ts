import type { Address } from '../address.ts';
import { isOfOneEni } from '../enis/ec2-errors.ts';
import type { Eni } from '../enis/eni.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { CallOutcome, Parts } from './all-or-nothing.ts';
import { assignToEni } from './assign.ts';
import { assertAttached } from './attached.ts';
import type { Journal } from './journal.ts';
import { releaseFromEni } from './release.ts';
import { notingRequests } from './requests.ts';

/** What a release rests on. */
export interface Basis {
  /** The instance whose pods were listed; absent where the ENI is detached. */
  readonly instanceId: string | undefined;
  /** When they were asked for, ms since the epoch. */
  readonly listedAt: number;
}

/** The two things that are done to an ENI. Each chooses the client that sends its call, and how often. */
export interface EniCalls {
  /**
   * One call per family; an address that the ENI has already is accepted.
   *
   * @throws what the SDK throws where EC2 does not refuse addresses.
   */
  assign(eniId: string, addresses: readonly Address[], parts?: Parts): Promise<CallOutcome>;
  /**
   * One call per family, each sent once and only while the pod list is fresh and the ENI is where
   * it was (docs/design.md, rule 3).
   *
   * @throws StalePodsError before a call that the basis does not carry; what the SDK throws where
   *   EC2 does not refuse addresses, and then the call may have had its effect.
   */
  release(eni: Eni, addresses: readonly Address[], basis: Basis): Promise<CallOutcome>;
}

/** The calls of one apply, which its journal hears of. */
export function eniCalls(
  { clock, ec2 }: ClusterAccess,
  journal: Journal,
  signal?: AbortSignal,
): EniCalls {
  const noting = async <T>(eniId: string, call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      if (isOfOneEni(error)) journal.eniErrors.set(error, eniId);
      throw error;
    }
  };
  const client = notingRequests(ec2.client, journal.requests);
  return {
    assign: (eniId, addresses, parts) =>
      noting(eniId, assignToEni(client, eniId, addresses, signal, parts)),
    release(eni, addresses, { instanceId, listedAt }) {
      const beforeEachCall = (): void => {
        assertAttached(ec2.inventory, eni, instanceId);
      };
      const afterEffect = (): void => {
        journal.releaseSent = true;
      };
      const absent = async (part: readonly Address[]): Promise<Address[]> => {
        const enis = await ec2.inventory.withAddresses(eni.vpcId, part, signal);
        const there = enis.find(({ id }) => id === eni.id)?.secondary ?? [];
        return part.filter((address) => !there.includes(address));
      };
      const of = { once: client, clock, listedAt, signal };
      const releasing = { ...of, beforeEachCall, afterEffect, absent };
      return noting(eni.id, releaseFromEni(releasing, eni.id, addresses));
    },
  };
}

import type { Address } from '../address.ts';
import { isOfOneEni } from '../enis/ec2-errors.ts';
import type { Eni } from '../enis/eni.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { CallOutcome, Parts } from './all-or-nothing.ts';
import type { Answers } from './answers.ts';
import { assignToEni } from './assign.ts';
import { assertAttached } from './attached.ts';
import { releaseFromEni } from './release.ts';
import { notingRequests } from './requests.ts';

/** What a release rests on. */
export interface Basis {
  /** The instance whose pods were listed; absent if the ENI is detached. */
  readonly instanceId: string | undefined;
  /** When they were asked for, ms since the epoch. */
  readonly listedAt: number;
}

/** The two things that are done to an ENI. Each chooses the client that sends its call, and how often. */
export interface EniCalls {
  /**
   * One call per family; an address that the ENI has already is accepted.
   *
   * @throws what the SDK throws if EC2 does not refuse addresses.
   */
  assign(eniId: string, addresses: readonly Address[], parts?: Parts): Promise<CallOutcome>;
  /**
   * One call per family, each sent once and only while the pod list is fresh and the ENI is where
   * it was (docs/design.md, rule 3).
   *
   * @throws StalePodsError before a call that the basis does not carry. What the SDK throws if EC2 does
   * not refuse addresses; then the call may have had its effect.
   */
  release(eni: Eni, addresses: readonly Address[], basis: Basis): Promise<CallOutcome>;
  /** @throws StalePodsError if the ENI is not where it was: nothing of it is to be written down either. */
  assertAttached(eni: Eni, instanceId: string | undefined): void;
}

/** The calls of one apply, whose answers are noted. */
export function eniCalls(
  { clock, ec2 }: ClusterAccess,
  answers: Pick<Answers, 'eniErrors' | 'requests'>,
  signal?: AbortSignal,
): EniCalls {
  const noting = async <T>(eniId: string, call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      if (isOfOneEni(error)) answers.eniErrors.set(error, eniId);
      throw error;
    }
  };
  const client = notingRequests(ec2.client, answers.requests);
  return {
    assertAttached: (eni, instanceId) => assertAttached(ec2.inventory, eni, instanceId),
    assign: (eniId, addresses, parts) =>
      noting(eniId, assignToEni(client, eniId, addresses, signal, parts)),
    release(eni, addresses, { instanceId, listedAt }) {
      const beforeEachCall = (): void => {
        assertAttached(ec2.inventory, eni, instanceId);
      };
      const absent = async (part: readonly Address[]): Promise<Address[]> => {
        const enis = await ec2.inventory.withAddresses(eni.vpcId, part, signal);
        const there = enis.find(({ id }) => id === eni.id)?.secondary ?? [];
        return part.filter((address) => !there.includes(address));
      };
      const of = { once: client, clock, listedAt, signal };
      const releasing = { ...of, beforeEachCall, absent };
      return noting(eni.id, releaseFromEni(releasing, eni.id, addresses));
    },
  };
}

import { StalePodsError } from '../shared/apply/release.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import { assigns, changedBy, writingActionOf } from '../shared/enis/writing-actions.ts';
import { CodedError } from '../shared/errors.ts';
import type { Policy } from '../shared/plan/policy.ts';
import type { Clock } from '../shared/time/clock.ts';

/** An operator stopped the cluster, or another stage serves it, while a reconcile was under way. */
export class StoppedError extends CodedError {
  override readonly name = 'StoppedError';
  readonly errorCode = 'stopped';
}

/** How long a take-over that began with an Unassign may still end with its Assign. */
const COMPLETED_WITHIN_MS = 30_000;

/** What a client asks before it writes. */
interface Stopping {
  readonly cluster: string;
  readonly clock: Clock;
  /** What may be done, as far as is known now. */
  readonly allowed: () => Policy;
  /** What is known is older than a call may rest on. */
  readonly isOld: () => boolean;
  /** Whether the last answer about stops is too old: a new stop would not take effect in time. */
  readonly isUnanswered: () => boolean;
  /** Begins to read it again if that is due. Never rejects. */
  readonly refresh: () => Promise<void>;
}

/**
 * The same client; it sends no call that a stop forbids, and throws StoppedError instead. An address that it
 * took from an ENI for another one still arrives there.
 */
export function stoppable(ec2: Ec2, stopping: Stopping): Ec2 {
  const { clock, cluster, allowed, isOld, isUnanswered, refresh } = stopping;
  const unassigned = new Map<string, number>();
  const isLate = (at: number): boolean => clock.now() - at >= COMPLETED_WITHIN_MS;
  const completes = (address: string): boolean => !isLate(unassigned.get(address) ?? -Infinity);
  const assertAllowed = async (command: unknown): Promise<void> => {
    const action = writingActionOf(command);
    if (action === undefined) return;
    const isLateRelease = !assigns(action) && isUnanswered();
    const refreshed = refresh();
    if (assigns(action) && isOld()) await refreshed;
    // Its pod list would be too old by then (rule 3): all is read again, and then what is stopped is known.
    if (isLateRelease) {
      await refreshed;
      throw new StalePodsError(`cluster ${cluster}: what is stopped was not asked for lately`);
    }
    const { writes, unassigns } = allowed();
    const { addresses } = changedBy(command);
    if (assigns(action)) {
      if (!writes && !addresses.some(completes)) throw stopped(cluster);
      return;
    }
    if (!writes || !unassigns) throw stopped(cluster);
    for (const [address, at] of unassigned) if (isLate(at)) unassigned.delete(address);
    for (const address of addresses) unassigned.set(address, clock.now());
  };
  return {
    send: new Proxy(ec2.send.bind(ec2), {
      async apply(target, self, args: unknown[]) {
        await assertAllowed(args[0]);
        return Reflect.apply(target, self, args);
      },
    }),
  };
}

function stopped(cluster: string): StoppedError {
  return new StoppedError(
    `cluster ${cluster} was stopped: nothing more is written. multus-eni status says why, and resume goes on`,
  );
}

import type { Address } from '../address.ts';
import type { Placement, Plan } from '../plan/decision.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { allEnded } from './all-ended.ts';
import { releaseFromEni } from './release.ts';

/** What became of a plan's releases. */
export interface Released {
  readonly released: readonly Placement[];
  /** What must be seen to be gone before the message is done. */
  readonly toBeGone: readonly Placement[];
}

/**
 * Unassigns what is to be released and what is to move. An address that EC2 refuses to unassign
 * stays; it is logged, and the next sweep sees it.
 *
 * @param onUnseenGone told of each address that the read did not show and that EC2 does not have,
 *   or no longer, also when this throws.
 * @throws StalePodsError, and what EC2 throws, once no call is under way any more.
 */
export async function applyReleases(
  access: ClusterAccess,
  state: NodeState,
  plan: Plan,
  onUnseenGone: (placement: Placement) => void,
  signal?: AbortSignal,
): Promise<Released> {
  const moving = plan.move.map(({ address, fromEniId }) => ({ address, eniId: fromEniId }));
  const byEni = Map.groupBy([...plan.release, ...moving], ({ eniId }) => eniId);
  const seen = await allEnded(
    [...byEni].map(([eniId, onEni]) =>
      release(
        access,
        state,
        eniId,
        onEni.map(({ address }) => address),
        signal,
      ),
    ),
  );
  // What the read does not show is mostly gone, and EC2's refusal does not say which: one by one.
  const unseen = await allEnded(
    plan.releaseUnseen.map(async ({ eniId, address }) => {
      const outcome = await release(access, state, eniId, [address], signal);
      for (const placement of [...outcome.done, ...outcome.notAssigned]) onUnseenGone(placement);
      return outcome;
    }),
  );
  const released = [...seen, ...unseen].flatMap(({ done }) => done);
  // "Not assigned" for what the read showed says that the read was old: it too must be seen to be gone.
  const wereGone = seen.flatMap(({ notAssigned }) => notAssigned);
  return { released, toBeGone: [...released, ...wereGone] };
}

async function release(
  access: ClusterAccess,
  { node, listedAt }: NodeState,
  eniId: string,
  addresses: readonly Address[],
  signal?: AbortSignal,
): Promise<{ readonly done: Placement[]; readonly notAssigned: Placement[] }> {
  const { cluster, clock, ec2, telemetry } = access;
  const releasing = { once: ec2.once, clock, listedAt, signal };
  const outcome = await releaseFromEni(releasing, eniId, addresses);
  const notAssigned: Placement[] = [];
  for (const { address, refusal } of outcome.refused) {
    if (refusal.kind === 'not-assigned') notAssigned.push({ address, eniId });
    else {
      const { answer } = refusal;
      telemetry.warn(
        'EC2 refuses to unassign an address',
        { cluster, node, eniId, address },
        { answer },
      );
    }
  }
  return { done: outcome.done.map((address) => ({ address, eniId })), notAssigned };
}

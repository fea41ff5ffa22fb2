import type { Address } from '../address.ts';
import type { Placement, Plan } from '../plan/decision.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { allEnded } from '../time/all-ended.ts';
import { ofFamily } from './assign.ts';
import type { EniCalls } from './eni-calls.ts';
import { attempt, type Journal } from './journal.ts';
import { FEW } from './release.ts';

/**
 * What became of the addresses that were to leave an ENI. `done`: all that the read showed are off;
 * `failed`: not all of them; `forbidden`: nothing may be unassigned.
 */
export type ReleasesEnd = 'done' | 'failed' | 'forbidden';

/** The releases of a plan, which are under way. */
export interface Releases {
  /** Whether anything is to leave this ENI. */
  readonly concern: (eniId: string) => boolean;
  /** Resolves once nothing is being unassigned from this ENI any more. */
  readonly from: (eniId: string) => Promise<ReleasesEnd>;
  /** Resolves once no call is under way any more. */
  readonly ended: Promise<unknown>;
}

/**
 * Begins to unassign what is to be released and what is to move, ENI by ENI: one that fails costs
 * the others nothing. An address that EC2 refuses to unassign stays; it is logged, and the next
 * sweep sees it. What was done and what failed is in the journal.
 *
 * @param isAllowed asked once, before anything is unassigned, where there is anything.
 */
export function startReleases(
  scope: ReleaseScope,
  plan: Plan,
  isAllowed: () => Promise<boolean>,
): Releases {
  const { journal } = scope;
  const moving = plan.move.map(({ address, fromEniId }) => ({ address, eniId: fromEniId }));
  const seen = Map.groupBy([...plan.release, ...moving], ({ eniId }) => eniId);
  const unseen = Map.groupBy(plan.releaseUnseen, ({ eniId }) => eniId);
  const eniIds = new Set([...seen.keys(), ...unseen.keys()]);

  let allowed = false;
  const asked =
    eniIds.size === 0
      ? Promise.resolve(true)
      : attempt(journal, async () => {
          allowed = await isAllowed();
        });
  const releaseFrom = async (eniId: string): Promise<ReleasesEnd> => {
    if (!(await asked)) return 'failed';
    if (!allowed) return 'forbidden';
    const shown = addressesOf(seen.get(eniId));
    if (!(await attempt(journal, () => releaseSeen(scope, eniId, shown)))) return 'failed';
    await attempt(journal, () => releaseUnseen(scope, eniId, addressesOf(unseen.get(eniId))));
    return 'done';
  };
  const byEni = new Map([...eniIds].map((eniId) => [eniId, releaseFrom(eniId)]));
  return {
    concern: (eniId) => byEni.has(eniId),
    from: (eniId) => byEni.get(eniId) ?? Promise.resolve('done'),
    ended: Promise.all(byEni.values()),
  };
}

/** What releases are done with. */
export interface ReleaseScope {
  readonly access: ClusterAccess;
  readonly state: NodeState;
  readonly journal: Journal;
  readonly calls: EniCalls;
}

function addressesOf(placements: readonly Placement[] = []): Address[] {
  return placements.map(({ address }) => address);
}

/** One call per family; one that fails does not keep the other from being sent. */
async function releaseSeen(
  scope: ReleaseScope,
  eniId: string,
  addresses: readonly Address[],
): Promise<void> {
  const { journal } = scope;
  const sent: Promise<void>[] = [];
  for (const family of [4, 6] as const) {
    const part = release(scope, eniId, ofFamily(addresses, family)).then((outcome) => {
      journal.released.push(...outcome.done);
      journal.alreadyAbsent.push(...outcome.absent);
    });
    sent.push(part);
    await part.catch(() => undefined);
  }
  await allEnded(sent);
}

/**
 * What the read does not show is mostly gone, and EC2's refusal does not say which. Of a few, EC2 is asked
 * one by one. Of more, one call is sent, which releases all if the read was old. If EC2 refuses that call,
 * another read says which are there, and the journal notes the others: they are yet to be confirmed.
 */
async function releaseUnseen(
  scope: ReleaseScope,
  eniId: string,
  addresses: readonly Address[],
): Promise<void> {
  const { journal } = scope;
  await allEnded(
    ([4, 6] as const).flatMap((family) => {
      const part = ofFamily(addresses, family);
      const calls = part.length <= FEW ? part.map((address) => [address]) : [part];
      return calls.map(async (asked) => {
        const { done, absent } = await release(scope, eniId, asked);
        journal.released.push(...done);
        if (asked.length === 1) journal.unseenAbsent.push(...done, ...absent);
        else journal.unconfirmed.push(...absent);
      });
    }),
  );
}

async function release(
  { access, state, calls }: ReleaseScope,
  eniId: string,
  addresses: readonly Address[],
): Promise<{ readonly done: Placement[]; readonly absent: Placement[] }> {
  const { cluster, telemetry } = access;
  const { node } = state;
  const eni = state.enis.find(({ id }) => id === eniId);
  if (eni === undefined) return { done: [], absent: [] };
  const outcome = await calls.release(eni, addresses, state);
  const absent: Placement[] = [];
  for (const { address, refusal } of outcome.refused) {
    if (refusal.kind === 'not-assigned') absent.push({ address, eniId });
    else {
      const { answer } = refusal;
      telemetry.warn(
        'EC2 refuses to unassign an address',
        { cluster, node, eniId, address },
        { answer },
      );
    }
  }
  return { done: outcome.done.map((address) => ({ address, eniId })), absent };
}

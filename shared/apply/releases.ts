import type { Eni } from '../enis/eni.ts';
import { entryFor } from '../plan/entries.ts';
import { entryOf } from '../plan/ledger.ts';
import { type Move, type Release, type Verdict, wanting } from '../plan/verdict.ts';
import { eachInTurn } from '../time/all-ended.ts';
import type { Acting } from './acting.ts';
import { attempt } from './answers.ts';
import { ofFamily } from './assign.ts';
import { StaleLedgerError } from './confirm-ledgers.ts';

/**
 * What became of the addresses that were to leave an ENI. `done`: all that the read showed are off;
 * `failed`: not all of them; `forbidden`: nothing may be unassigned.
 */
export type ReleasesEnd = 'done' | 'failed' | 'forbidden';

/** The releases of a node, which are under way. */
export interface Releases {
  /** Whether anything is to leave this ENI. */
  readonly concern: (eniId: string) => boolean;
  /** Resolves once nothing is being unassigned from this ENI any more. */
  readonly from: (eniId: string) => Promise<ReleasesEnd>;
  /** Resolves once no call is under way any more. */
  readonly ended: Promise<unknown>;
}

/** An address that is to leave an ENI: nobody claims it, or it moves. */
type Leaving = Release | Move;

const eniOf = (leaving: Leaving): string =>
  leaving.want === 'move' ? leaving.from : leaving.eniId;

/**
 * Begins to unassign what is to be released and what is to move, ENI by ENI: one that fails costs
 * the others nothing. An address that EC2 refuses to unassign stays; it is logged, and the next
 * sweep sees it.
 *
 * @param isAllowed asked once, before anything is unassigned, if there is anything to unassign.
 */
export function startReleases(
  acting: Acting,
  verdicts: readonly Verdict[],
  isAllowed: () => Promise<boolean>,
): Releases {
  const { answers } = acting;
  const byEni = Map.groupBy(wanting(verdicts, 'release', 'move'), eniOf);
  let allowed = false;
  const asked =
    byEni.size === 0
      ? Promise.resolve(true)
      : attempt(answers, async () => {
          allowed = await isAllowed();
        });
  const releaseFrom = async (eniId: string, leaving: readonly Leaving[]): Promise<ReleasesEnd> => {
    if (!(await asked)) return 'failed';
    if (!allowed) return 'forbidden';
    return (await attempt(answers, () => release(acting, eniId, leaving))) ? 'done' : 'failed';
  };
  const ends = new Map([...byEni].map(([eniId, leaving]) => [eniId, releaseFrom(eniId, leaving)]));
  return {
    concern: (eniId) => ends.has(eniId),
    from: (eniId) => ends.get(eniId) ?? Promise.resolve('done'),
    ended: Promise.all(ends.values()),
  };
}

/** One call per family; one that fails does not keep the other from being sent. */
async function release(acting: Acting, eniId: string, leaving: readonly Leaving[]): Promise<void> {
  const { access, calls, state, writer } = acting;
  const eni = state.enis.find(({ id }) => id === eniId);
  if (eni === undefined) return;
  calls.assertAttached(eni, state.instanceId);
  const now = access.clock.now();
  const tombstones = new Map(
    leaving.map(({ address }) => {
      const entry = entryOf(state.ledgers, eniId, address);
      return [address, entryFor({ want: 'release', address, eniId }, entry, now)];
    }),
  );
  if (!(await writer.before(eniId, tombstones, true))) {
    throw new StaleLedgerError(`the ledger of ${eniId} cannot be used: nothing is released there`);
  }
  await eachInTurn([4, 6] as const, (family) => releasePart(acting, eni, leaving, family));
}

async function releasePart(
  { access, answers, calls, state, writer }: Acting,
  eni: Eni,
  leaving: readonly Leaving[],
  family: 4 | 6,
): Promise<void> {
  const { cluster, telemetry } = access;
  const { id: eniId } = eni;
  const addresses = ofFamily(
    leaving.map(({ address }) => address),
    family,
  );
  if (addresses.length === 0) return;
  // Before the call: its answer may be lost and its effect not.
  for (const address of addresses) {
    writer.settle(eniId, address, { call: 'unassign', state: 'releasing' });
  }
  const outcome = await calls.release(eni, addresses, state);
  const refusals = new Map(outcome.refused.map(({ address, refusal }) => [address, refusal]));
  for (const each of leaving.filter(({ address }) => addresses.includes(address))) {
    const { address } = each;
    const refusal = refusals.get(address);
    const absent = refusal?.kind === 'not-assigned';
    if (refusal === undefined || absent) {
      writer.settle(eniId, address, { call: 'unassign', state: 'released' });
    }
    if (each.want === 'release') {
      answers.released.set(each, refusal === undefined ? 'yes' : absent ? 'absent' : 'refused');
    }
    if (refusal === undefined || absent) continue;
    const text = 'EC2 refuses to unassign an address';
    telemetry.warn(text, { cluster, node: state.node, eniId, address }, { answer: refusal.answer });
  }
}

import { entryFor, outdatedEntries } from '../plan/entries.ts';
import { isUsable } from '../plan/ledger.ts';
import { placedOf } from '../plan/place-claims.ts';
import { type Decision, type Verdict, wanting } from '../plan/verdict.ts';
import { claimedIn } from '../plan/vpcs.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { allEnded } from '../time/all-ended.ts';
import type { Acting } from './acting.ts';
import { answered, attempt, noAnswers, type Wanted } from './answers.ts';
import { assertAttached, isSeenElsewhere } from './attached.ts';
import { eniCalls } from './eni-calls.ts';
import { type LedgerWriter, ledgerWriter } from './ledger-writer.ts';
import { StalePodsError } from './release.ts';
import { type Releases, startReleases } from './releases.ts';
import { noRequests } from './requests.ts';
import { serve } from './serve-eni.ts';

/** How a decision is to be acted on. */
export interface ActOptions {
  /** Whether another may have the address: then it is looked up before it is assigned. */
  readonly lookFirst: (wanted: Wanted) => boolean;
  /**
   * Asked before anything is unassigned from the node's own ENIs, and only then: the decision to follow
   * instead, if nothing may be unassigned.
   */
  readonly restricted?: () => Promise<Decision | undefined>;
  /** Sign the ledgers also if nothing changes: pods are told by what was read. */
  readonly signs: boolean;
  /** Who signs the ledgers: the id of the request. */
  readonly by: string;
  /** Is told of an ENI whose ledger cannot be written: the next read must not use it. */
  readonly onRefused: (eniId: string) => void;
  readonly signal?: AbortSignal;
}

/** What was done. */
export interface Acted {
  /** All that was decided, with what became of it. */
  readonly verdicts: readonly Verdict[];
  readonly ledger: Pick<LedgerWriter, 'mark' | 'after'>;
  /** Nodes from whose ENIs a take-over unassigned. */
  readonly unassignedFrom: ReadonlySet<string>;
  /** Those of the failures that are because of one ENI, and its id. */
  readonly eniErrors: ReadonlyMap<unknown, string>;
  /** The uids of pods that are told with a later try, unless another pod has an address of theirs. */
  readonly untold?: ReadonlySet<string>;
  /**
   * The errors of calls that failed, for which the message is tried again: StalePodsError,
   * UnsettledError, and what EC2 and the API server throw. What a new read alone mends comes last.
   */
  readonly failures: readonly unknown[];
}

/**
 * Does what was decided: one EC2 call per ENI, direction and family, all ENIs side by side, and each after its
 * ledger was written. What fits an ENI as it is waits for no release; on an ENI that must first be emptied, or
 * gets what leaves another one, releases come first. What fails costs itself and what needs its room.
 *
 * @returns once no call is under way any more, even if calls failed.
 */
export async function act(
  access: ClusterAccess,
  state: NodeState,
  decision: Decision,
  { by, lookFirst, onRefused, restricted, signal, signs }: ActOptions,
): Promise<Acted> {
  const answers = noAnswers(noRequests());
  const writer = ledgerWriter(access, state, { by, onRefused, signal });
  const calls = eniCalls(access, answers, signal);
  const acting: Acting = { access, state, answers, calls, writer, lookFirst, signal };
  let followed = decision;
  const isAllowed = async (): Promise<boolean> => {
    const instead = await restricted?.();
    followed = instead ?? decision;
    return instead === undefined;
  };
  const { verdicts } = decision;
  const astray = new Map(
    state.enis
      .filter((eni) => isSeenElsewhere(access.ec2.inventory, eni))
      .map((eni) => [eni.id, eni]),
  );
  const releases = startReleases(acting, verdicts, isAllowed);
  await Promise.all([
    releases.ended,
    ...enisOf(state, verdicts).map((eniId) =>
      attempt(answers, async () => {
        const eni = astray.get(eniId);
        if (eni !== undefined) assertAttached(access.ec2.inventory, eni, state.instanceId);
        // Both write the ledger first, and it is one write.
        const signing = sign(acting, verdicts, eniId, signs);
        const serves = { verdicts, followed: () => followed.verdicts };
        await allEnded([signing, serveEni(acting, eniId, serves, releases)]);
      }),
    ),
  ]);
  const isLost = (verdict: Verdict): boolean =>
    'eniId' in verdict && (astray.has(verdict.eniId) || writer.isUnsigned(verdict.eniId));
  const { eniErrors, failures, unassignedFrom } = answers;
  return {
    ...{ eniErrors, ledger: writer, unassignedFrom },
    verdicts: answered(followed.verdicts, answers, isLost),
    failures: failures.toSorted((a, b) => Number(isStale(a)) - Number(isStale(b))),
  };
}

function isStale(error: unknown): boolean {
  return error instanceof StalePodsError;
}

/** The ENIs of which a ledger is to be written or something is to be assigned. */
function enisOf({ enis, ledgers }: NodeState, verdicts: readonly Verdict[]): string[] {
  const concerned = new Set(
    wanting(verdicts, 'keep', 'hold', 'assign', 'move', 'wait').map(({ eniId }) => eniId),
  );
  return enis.map(({ id }) => id).filter((id) => concerned.has(id) || ledgers.of(id) !== undefined);
}

/**
 * Writes what of an ENI's ledger rests on reads alone. What is to be assigned or released comes with it if it
 * is asked for in the same moment.
 */
async function sign(
  { access, state, writer }: Acting,
  verdicts: readonly Verdict[],
  eniId: string,
  signs: boolean,
): Promise<void> {
  const eni = state.enis.find(({ id }) => id === eniId);
  const reading = state.ledgers.of(eniId);
  const ledger = reading?.kind === 'ledger' ? reading.ledger : { eniId, entries: new Map() };
  if (eni === undefined || !isUsable(state.ledgers, eniId)) return;
  const now = access.clock.now();
  const isClaimed = claimedIn(placedOf(state), state.enis);
  const { enisReadAt } = state;
  const outdated = outdatedEntries(ledger, eni, { now, enisReadAt, isClaimed });
  const changes = new Map([...outdated].filter(([, entry]) => entry !== undefined));
  // A tombstone that is old enough goes with another write (rule L9).
  writer.along(eniId, new Map([...outdated].filter(([, entry]) => entry === undefined)));
  const told = wanting(verdicts, 'keep', 'hold').filter((each) => each.eniId === eniId);
  for (const verdict of told) {
    const isAgain = verdict.want === 'keep' && verdict.again;
    const entry = isAgain ? undefined : entryFor(verdict, ledger.entries.get(verdict.address), now);
    if (entry !== undefined) changes.set(verdict.address, entry);
  }
  await writer.before(eniId, changes, signs && told.length > 0);
}

interface Serves {
  readonly verdicts: readonly Verdict[];
  /** The same, or what is to be followed in its place, once that is known. */
  readonly followed: () => readonly Verdict[];
}

async function serveEni(
  acting: Acting,
  eniId: string,
  { verdicts, followed }: Serves,
  releases: Releases,
): Promise<void> {
  const on = (list: readonly Verdict[]) => {
    const ofEni = list.filter((verdict) => 'eniId' in verdict && verdict.eniId === eniId);
    return {
      again: wanting(ofEni, 'keep').filter(({ again }) => again),
      wanted: wanting(ofEni, 'assign'),
      waiting: wanting(ofEni, 'wait'),
      moves: wanting(ofEni, 'move'),
    };
  };
  const { moves, ...work } = on(verdicts);
  if (moves.length === 0 && !work.wanted.some(({ needsRoom }) => needsRoom)) {
    await serve(acting, work);
    await serveFull(acting, eniId, work.wanted, releases);
    return;
  }
  const [emptied, ...left] = await Promise.all(
    [eniId, ...moves.map(({ from }) => from)].map(releases.from),
  );
  if ([emptied, ...left].includes('forbidden')) {
    const { wanted, waiting } = on(followed());
    await serve(acting, { ...work, wanted, waiting });
    return;
  }
  const wanted = [...moves.filter((_, index) => left[index] === 'done'), ...work.wanted];
  const fitting = wanted.filter(({ needsRoom }) => !needsRoom);
  await serve(
    acting,
    emptied === 'done' ? { ...work, wanted } : { ...work, wanted: fitting, waiting: [] },
  );
}

/** An ENI may have more than the read showed. What found no room there is tried again after the releases. */
async function serveFull(
  acting: Acting,
  eniId: string,
  wanted: Parameters<typeof serve>[1]['wanted'],
  releases: Releases,
): Promise<void> {
  const { claims } = acting.answers;
  const full = wanted.filter(({ claim }) => claims.get(claim)?.problem?.kind === 'eni-full');
  if (full.length === 0 || !releases.concern(eniId)) return;
  const ended = await releases.from(eniId);
  if (ended === 'forbidden') return;
  for (const { claim } of full) claims.delete(claim);
  if (ended === 'done') await serve(acting, { again: [], wanted: full, waiting: [] });
}

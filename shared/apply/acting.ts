import type { Address } from '../address.ts';
import type { Entry } from '../cluster/ledgers.ts';
import { assigningFor } from '../plan/entries.ts';
import { entryOf } from '../plan/ledger.ts';
import type { AddressProblem } from '../plan/problem.ts';
import type { ClusterAccess } from '../state/cluster-access.ts';
import type { NodeState } from '../state/node-state.ts';
import { type Answers, noteAssigned, noteProblem, SAYS_NOT_WHERE, type Wanted } from './answers.ts';
import type { EniCalls } from './eni-calls.ts';
import type { LedgerWriter } from './ledger-writer.ts';

/** What the verdicts of one node are acted on with. */
export interface Acting {
  readonly access: ClusterAccess;
  readonly state: NodeState;
  readonly answers: Answers;
  readonly calls: EniCalls;
  readonly writer: LedgerWriter;
  /** Whether another may have the address: then it is looked up before it is assigned. */
  readonly lookFirst: (wanted: Wanted) => boolean;
  readonly signal?: AbortSignal;
}

/** Writes down what is about to be assigned, ENI by ENI (docs/design.md, rule L6). */
export async function record(
  { access, state, writer }: Acting,
  wanted: readonly Wanted[],
): Promise<void> {
  const now = access.clock.now();
  await Promise.all(
    [...Map.groupBy(wanted, ({ eniId }) => eniId)].map(async ([eniId, onEni]) => {
      const entries = new Map<Address, Entry>();
      for (const { address, claim } of onEni) {
        const entry = entryOf(state.ledgers, eniId, address);
        const assigning = assigningFor(claim, entry, now);
        if (assigning !== undefined) entries.set(address, assigning);
      }
      await writer.before(eniId, entries, true);
    }),
  );
}

/** Notes that EC2 took an address. */
export function tookOf({ answers, writer }: Acting, wanted: Wanted): void {
  noteAssigned(answers, wanted);
  writer.settle(wanted.eniId, wanted.address, { call: 'assign', state: 'assigned' });
}

/** Notes that a pod does not get an address. What EC2 refuses is not ours there: its entry becomes a tombstone. */
export function refusedOf(
  { answers, writer }: Acting,
  wanted: Wanted,
  problem: AddressProblem,
): void {
  noteProblem(answers, wanted.claim, problem);
  // It is there, as the read says: EC2 may count it once more (docs/design.md, rule 7).
  if (wanted.want === 'keep' && SAYS_NOT_WHERE.has(problem.kind)) return;
  writer.settle(wanted.eniId, wanted.address, { call: 'assign', state: 'releasing' });
}

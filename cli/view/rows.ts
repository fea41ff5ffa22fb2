import { type Address, compareAddresses } from '../../shared/address.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { describeProblem } from '../../shared/plan/problem.ts';
import { type Placement, problemOf, type Verdict } from '../../shared/plan/verdict.ts';
import type { NodeState } from '../../shared/state/node-state.ts';
import { podName } from './text.ts';
import type { NodeView, View } from './view.ts';

/** What an address is, on an ENI or wanted there. */
export type AddressState =
  | 'assigned'
  | 'held'
  | 'missing'
  | 'moving'
  | 'leaked'
  | 'foreign'
  | 'problem'
  | 'primary';

/** One address of a node: on one of its ENIs, or claimed and not there. */
export interface AddressRow {
  readonly address: Address;
  readonly node: string;
  /** Where it is, or is to be; absent if a claim has no ENI. */
  readonly eniId?: string;
  readonly state: AddressState;
  /** The problem's kind, where it is one. */
  readonly kind?: string;
  /** `namespace/name`, of the pod that claims it. */
  readonly pod?: string;
  readonly interface?: string;
  readonly text: string;
}

/** All addresses of one node, in order. */
export function rowsOf(name: string, { state, drift }: NodeView): AddressRow[] {
  const rows = [
    ...drift.verdicts.map((verdict) => rowOf(name, state, verdict)),
    ...state.enis.filter(({ managed }) => managed).flatMap((eni) => primaries(name, eni)),
  ];
  return rows.sort((a, b) => compareAddresses(a.address, b.address));
}

function rowOf(node: string, state: NodeState, verdict: Verdict): AddressRow {
  const { address } = verdict;
  const problem = verdict.want === 'hold' ? undefined : problemOf(verdict);
  if (problem !== undefined) {
    const { kind } = problem;
    const where = 'eniId' in problem && kind !== 'held-elsewhere' ? { eniId: problem.eniId } : {};
    const pod = podName(problem.pod);
    return { address, node, ...where, state: 'problem', kind, pod, text: describeProblem(problem) };
  }
  const words = wordsOf(verdict, state);
  const claim = 'claim' in verdict ? verdict.claim : undefined;
  return {
    ...{ address, node, ...words },
    ...('eniId' in verdict && { eniId: verdict.eniId }),
    ...(claim && { pod: podName(claim.pod) }),
    ...(claim?.interface && { interface: claim.interface }),
  };
}

function wordsOf(verdict: Verdict, node: NodeState): Pick<AddressRow, 'state' | 'text'> {
  switch (verdict.want) {
    case 'keep':
      return { state: 'assigned', text: 'assigned, and claimed' };
    case 'hold':
      return { state: 'held', text: 'stays where the ENILedger says' };
    case 'move':
      return { state: 'moving', text: `moves to ${verdict.eniId}` };
    case 'release':
      return { state: 'leaked', text: 'claimed by nobody: to be released' };
    case 'foreign':
      return { state: 'foreign', text: `claimed by nobody, ${whyForeign(node, verdict)}` };
    case 'refuse':
      return { state: 'problem', text: describeProblem(verdict.problem) };
    default:
      return { state: 'missing', text: 'claimed, and to be assigned' };
  }
}

/** Why an address that nobody claims is left alone, and what makes it ours: follows `claimed by nobody, `. */
export function whyForeign(
  { ranges }: Pick<NodeState, 'ranges'>,
  { address, eniId }: Placement,
): string {
  if (!ranges.allows(address)) return 'outside the ranges that are configured: left alone';
  return `in no ENILedger: left alone. If it is ours: multus-eni ledger adopt ${eniId} ${address}`;
}

function primaries(node: string, { id, primary }: Eni): AddressRow[] {
  return primary.map((address) => {
    return { address, node, eniId: id, state: 'primary', text: 'never touched' };
  });
}

/** What is not as it should be. */
export function isWrong({ state }: AddressRow): boolean {
  return !['assigned', 'held', 'primary'].includes(state);
}

/** The addresses of all nodes, in order of the nodes' names. */
export function allRows(view: View): AddressRow[] {
  return [...view.nodes]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, node]) => rowsOf(name, node));
}

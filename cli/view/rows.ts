import { type Address, compareAddresses } from '../../shared/address.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import type { Assignment } from '../../shared/plan/decision.ts';
import { describeProblem } from '../../shared/plan/problem.ts';
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
  /** Where it is, or is to be; absent where a claim has no ENI. */
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
  const { plan } = drift;
  const node = name;
  const claimed =
    (what: AddressState, text: (each: Assignment) => string) =>
    (each: Assignment): AddressRow => ({
      address: each.address,
      node,
      eniId: each.eniId,
      state: what,
      pod: podName(each.claim.pod),
      ...(each.claim.interface === undefined ? {} : { interface: each.claim.interface }),
      text: text(each),
    });
  const at = ({ address, eniId }: { address: Address; eniId: string }) => ({
    address,
    node,
    eniId,
  });
  const moving = new Set(plan.move.map(({ address }) => address));
  const rows = [
    ...plan.keep.map(claimed('assigned', () => 'assigned, and claimed')),
    ...plan.held.map(claimed('held', () => 'stays where the condition says')),
    ...plan.move.map(claimed('moving', ({ eniId }) => `moves to ${eniId}`)),
    ...drift.missing
      .filter(({ address }) => !moving.has(address))
      .map(claimed('missing', () => 'claimed, and to be assigned')),
    ...drift.leaked.map((each): AddressRow => {
      return { ...at(each), state: 'leaked', text: 'claimed by nobody: to be released' };
    }),
    ...drift.foreign.map((each): AddressRow => {
      const why = each.why === 'first-ipv6' ? 'may be the worker’s own' : 'in no range';
      return { ...at(each), state: 'foreign', text: `claimed by nobody, ${why}: left alone` };
    }),
    ...drift.problems.flatMap((problem): AddressRow[] => {
      if (!('address' in problem)) return [];
      const { address, kind } = problem;
      const pod = podName(problem.pod);
      const where = 'eniId' in problem && kind !== 'held-elsewhere' ? { eniId: problem.eniId } : {};
      return [
        { address, node, ...where, state: 'problem', kind, pod, text: describeProblem(problem) },
      ];
    }),
    ...state.enis.filter(({ managed }) => managed).flatMap((eni) => primaries(node, eni)),
  ];
  return rows.sort((a, b) => compareAddresses(a.address, b.address));
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

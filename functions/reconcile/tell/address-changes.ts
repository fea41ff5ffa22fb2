import { type AddressChange, logAddressChanges } from '../../../shared/address-log.ts';
import { parseProblems } from '../../../shared/claims/condition-message.ts';
import type { EntryPod } from '../../../shared/cluster/ledgers.ts';
import { inOrder } from '../../../shared/drift/condition.ts';
import type { Problem } from '../../../shared/plan/problem.ts';
import {
  type Assign,
  type Decision,
  isNewlyAssigned,
  type Move,
  problemsOf,
  type Release,
  type Wait,
  wanting,
} from '../../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../../shared/state/cluster-access.ts';
import type { NodeState } from '../../../shared/state/node-state.ts';
import type { NodeRequest } from '../scope.ts';

/** Logs what became of addresses, for whoever asks later who had one. What was told before is left out. */
export function tellAddressChanges(
  { cluster, telemetry }: ClusterAccess,
  state: NodeState,
  decision: Omit<Decision, 'ignored'> & { readonly untold?: ReadonlySet<string> },
  { messageIds, reasons }: Pick<NodeRequest, 'messageIds' | 'reasons'>,
): void {
  const { verdicts } = decision;
  const changes: AddressChange[] = [
    ...wanting(verdicts, 'release')
      .filter(({ done }) => done === 'yes')
      .map(released),
    ...verdicts.filter(isNewlyAssigned).map(assigned),
    ...refused(problemsOf(decision)).flatMap((problem) =>
      isTold(state, problem) || decision.untold?.has(problem.pod.uid) ? [] : refusalsIn(problem),
    ),
  ];
  const asked = { reasons, messages: messageIds };
  logAddressChanges(telemetry, { cluster, node: state.node }, asked, changes);
}

function released({ address, eniId, pod, requests }: Release): AddressChange {
  const common = { change: 'released', address, eni: eniId } as const;
  return { ...common, ...loser(pod), ...idOf('request', requests?.unassign) };
}

function assigned(verdict: Assign | Move | Wait): AddressChange {
  const { address, claim, eniId, requests, takenFrom } = verdict;
  const { pod } = claim;
  const common = {
    ...{ address, eni: eniId, pod: nameOf(pod), uid: pod.uid },
    ...idOf('request', requests?.assign),
  };
  if (takenFrom === undefined) return { change: 'assigned', ...common };
  return {
    ...{ change: 'taken-over', ...common, from: takenFrom.eniId, ...loser(takenFrom.pod) },
    ...idOf('fromRequest', requests?.unassign),
  };
}

function loser(pod: EntryPod | undefined): Pick<AddressChange, 'lostBy' | 'lostByUid'> {
  return pod === undefined ? {} : { lostBy: nameOf(pod), lostByUid: pod.uid };
}

function idOf(key: 'request' | 'fromRequest', id: string | undefined): Partial<AddressChange> {
  return id === undefined ? {} : { [key]: id };
}

/** How many refused addresses of one pod are logged. A pod may claim a thousand that it does not get. */
const MAX_REFUSED = 20;

/** The first problems of each pod in the order in which its condition has them, so that these are told once. */
function refused(problems: readonly Problem[]): Problem[] {
  const byPod = Map.groupBy(problems, ({ pod }) => pod.uid);
  return [...byPod.values()].flatMap((ofPod) => inOrder(ofPod).slice(0, MAX_REFUSED));
}

function refusalsIn(problem: Problem): AddressChange[] {
  if (!('address' in problem)) return [];
  const { address, kind, pod } = problem;
  const eni = 'eniId' in problem ? { eni: problem.eniId } : {};
  return [{ change: 'refused', address, ...eni, pod: nameOf(pod), uid: pod.uid, why: kind }];
}

/** Whether the pod's condition says so already: each reconcile finds it again. */
function isTold({ podObjects }: NodeState, problem: Problem): boolean {
  if (!('address' in problem)) return true;
  const told = parseProblems(podObjects.get(problem.pod.uid)?.condition?.message ?? '');
  return told.some(({ address, kind }) => address === problem.address && kind === problem.kind);
}

function nameOf({ namespace, name }: EntryPod): string {
  return `${namespace}/${name}`;
}

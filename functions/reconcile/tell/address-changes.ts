import { type AddressChange, logAddressChanges } from '../../../shared/address-log.ts';
import type { Applied } from '../../../shared/apply/apply.ts';
import { parseProblems } from '../../../shared/claims/condition-message.ts';
import type { PodRef } from '../../../shared/cluster/kubernetes.ts';
import { inOrder } from '../../../shared/drift/condition.ts';
import type { Problem } from '../../../shared/plan/problem.ts';
import type { ClusterAccess } from '../../../shared/state/cluster-access.ts';
import type { NodeState } from '../../../shared/state/node-state.ts';

/** Logs what became of addresses, for whoever asks later who had one. What was told before is left out. */
export function tellAddressChanges(
  { cluster, telemetry }: ClusterAccess,
  state: NodeState,
  applied: Applied,
  reasons: readonly string[],
): void {
  const { assigned, released, takenFrom, problems } = applied;
  const changes: AddressChange[] = [
    ...released.map(({ address, eniId }): AddressChange => {
      return { change: 'released', address, eni: eniId };
    }),
    ...assigned.map(({ address, eniId, claim: { pod } }): AddressChange => {
      const from = takenFrom.get(address);
      const common = { address, eni: eniId, pod: nameOf(pod) };
      return from === undefined
        ? { change: 'assigned', ...common }
        : { change: 'taken-over', ...common, from };
    }),
    ...refused(problems).flatMap((problem) => (isTold(state, problem) ? [] : refusalsIn(problem))),
  ];
  logAddressChanges(telemetry, { cluster, node: state.node }, reasons, changes);
}

/** Of one pod so many are logged: it may claim a thousand addresses that it does not get. */
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
  return [{ change: 'refused', address, ...eni, pod: nameOf(pod), why: kind }];
}

/** Whether the pod's condition says so already: each reconcile finds it again. */
function isTold({ podObjects }: NodeState, problem: Problem): boolean {
  if (!('address' in problem)) return true;
  const told = parseProblems(podObjects.get(problem.pod.uid)?.condition?.message ?? '');
  return told.some(({ address, kind }) => address === problem.address && kind === problem.kind);
}

function nameOf({ namespace, name }: PodRef): string {
  return `${namespace}/${name}`;
}

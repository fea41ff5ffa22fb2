import { type AddressChange, logAddressChanges } from '../../../shared/address-log.ts';
import type { Applied } from '../../../shared/apply/apply.ts';
import { requestKey } from '../../../shared/apply/requests.ts';
import { toldOf } from '../../../shared/apply/told-of.ts';
import { parseProblems } from '../../../shared/claims/condition-message.ts';
import type { PodRef } from '../../../shared/cluster/kubernetes.ts';
import { inOrder } from '../../../shared/drift/condition.ts';
import type { Assignment, Placement } from '../../../shared/plan/decision.ts';
import type { Problem } from '../../../shared/plan/problem.ts';
import type { ClusterAccess } from '../../../shared/state/cluster-access.ts';
import type { NodeState } from '../../../shared/state/node-state.ts';
import type { NodeRequest } from '../scope.ts';

/** Logs what became of addresses, for whoever asks later who had one. What was told before is left out. */
export function tellAddressChanges(
  { cluster, telemetry }: ClusterAccess,
  state: NodeState,
  applied: Applied,
  request: Pick<NodeRequest, 'messageIds' | 'pods' | 'reasons'>,
): void {
  const changes: AddressChange[] = [
    ...applied.released.map((placement) => released(state, applied, request, placement)),
    ...applied.assigned.map((assignment) => assigned(applied, assignment)),
    ...refused(applied.problems).flatMap((problem) =>
      isTold(state, problem) || applied.untold?.has(problem.pod.uid) ? [] : refusalsIn(problem),
    ),
  ];
  const { reasons, messageIds } = request;
  const asked = { reasons, messages: messageIds };
  logAddressChanges(telemetry, { cluster, node: state.node }, asked, changes);
}

/** The pod that lost it is the one that a message names, else one of the node that was told that it has it. */
function released(
  { podObjects }: NodeState,
  { requests }: Applied,
  { pods }: Pick<NodeRequest, 'pods'>,
  placement: Placement,
): AddressChange {
  const { address, eniId } = placement;
  const by =
    pods.find(({ ips }) => ips.includes(address)) ?? toldOf(podObjects.values(), placement);
  return {
    ...{ change: 'released', address, eni: eniId, ...loser(by) },
    ...idOf('request', requests.unassigned.get(requestKey(eniId, address))),
  };
}

function assigned(
  { lostBy, requests, takenFrom }: Applied,
  { address, eniId, claim: { pod } }: Assignment,
): AddressChange {
  const from = takenFrom.get(address);
  const common = {
    ...{ address, eni: eniId, pod: nameOf(pod), uid: pod.uid },
    ...idOf('request', requests.assigned.get(requestKey(eniId, address))),
  };
  if (from === undefined) return { change: 'assigned', ...common };
  return {
    ...{ change: 'taken-over', ...common, from, ...loser(lostBy.get(address)) },
    ...idOf('fromRequest', requests.unassigned.get(requestKey(from, address))),
  };
}

function loser(pod: PodRef | undefined): Pick<AddressChange, 'lostBy' | 'lostByUid'> {
  return pod === undefined ? {} : { lostBy: nameOf(pod), lostByUid: pod.uid };
}

function idOf(key: 'request' | 'fromRequest', id: string | undefined): Partial<AddressChange> {
  return id === undefined ? {} : { [key]: id };
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
  return [{ change: 'refused', address, ...eni, pod: nameOf(pod), uid: pod.uid, why: kind }];
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

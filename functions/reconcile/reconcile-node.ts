import type { Address } from '../../shared/address.ts';
import { type Applied, apply } from '../../shared/apply/apply.ts';
import { seeGone } from '../../shared/apply/read-back.ts';
import { StalePodsError } from '../../shared/apply/release.ts';
import type { LetGoElsewhere } from '../../shared/apply/take-over.ts';
import { parseProblems } from '../../shared/claims/condition-message.ts';
import type { SendMessages } from '../../shared/messages/queue.ts';
import type { NodeMessage, PodEvent } from '../../shared/messages/schema.ts';
import type { Assignment, Placement, Plan } from '../../shared/plan/decision.ts';
import { plan } from '../../shared/plan/plan.ts';
import type { Problem } from '../../shared/plan/problem.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import { type NodeState, readNode, withoutInstance } from '../../shared/state/node-state.ts';
import { soleNodes } from '../../shared/state/sole-node.ts';
import { tell, tellOutsideEc2 } from './feedback.ts';
import { observedEc2 } from './observed-ec2.ts';
import type { SeenGone } from './seen-gone.ts';

/** What the messages of a node ask for, together. */
export interface NodeRequest {
  readonly node: string;
  /** The instance that a message names: a first guess, checked like any other. */
  readonly instanceId?: string;
  /** Addresses that were claimed before and no longer are, with when that was seen (ms since the epoch). */
  readonly named: ReadonlyMap<Address, number>;
  /** What pods of other nodes let go of and pods of this node claim. */
  readonly letGo: LetGoElsewhere;
  /** It was tried before, or a message tells of a take-over: what the read shows as kept may not be there. */
  readonly assignKept: boolean;
  /** The pods that the messages tell of, for what is told about released addresses. */
  readonly pods: readonly PodEvent[];
}

/** What became of a node's request. */
export type NodeResult =
  | { readonly kind: 'no-node' }
  | { readonly kind: 'no-instance' }
  | { readonly kind: 'outside-ec2' }
  | { readonly kind: 'reconciled'; readonly plan: Plan; readonly applied: Applied };

/** What is kept of a node from one message to the next. */
export interface NodeMemory {
  /** The instance that the Node named last; a wrong one costs one more read. */
  instanceId?: string;
  readonly seenGone: SeenGone;
}

/** What the reconciles of one cluster share. */
export interface Reconciler {
  readonly access: ClusterAccess;
  readonly memoryOf: (node: string) => NodeMemory;
  readonly send: SendMessages;
  /** Resolves once nobody else can be at work on the node: nothing is written before. Throws as `Hold`. */
  readonly held: () => Promise<void>;
}

/** How often a reconcile starts over on a state that changed under its hands, before the message is retried. */
const ATTEMPTS = 4;

/**
 * Makes one node's ENIs equal to what its live pods claim: reads the ENIs, then the node and
 * its pods, decides, does it, and tells the pods.
 *
 * @throws whatever is worth a retry of the messages.
 */
export async function reconcileNode(
  reconciler: Reconciler,
  asked: NodeRequest,
  signal?: AbortSignal,
): Promise<NodeResult> {
  let request = asked;
  let released = false;
  const access = tellingOfReleases(reconciler.access, () => {
    released = true;
  });
  const isSole = once(() => isSoleNode(access, asked.node, signal));
  for (let attempt = 1; ; attempt += 1) {
    const reading = await read(reconciler, request, signal);
    if (reading.kind === 'other-instance') {
      if (attempt < ATTEMPTS) continue;
      throw new Error(
        `cluster ${access.cluster}, node ${request.node}: the Node keeps changing its instance`,
      );
    }
    if (reading.kind === 'outside-ec2' && access.policy !== 'dry-run') {
      await reconciler.held();
      await tellOutsideEc2(access, asked.node, signal);
    }
    if (reading.kind !== 'state') return reading;
    try {
      return await decideAndDo({ ...reconciler, access }, request, reading.state, isSole, signal);
    } catch (error) {
      if (!(error instanceof StalePodsError) || attempt === ATTEMPTS) throw error;
      // The next read may still show as kept what has been released already.
      request = { ...request, assignKept: request.assignKept || released };
    }
  }
}

/** The same access; `onRelease` is told of each call that unassigns, whatever becomes of it. */
function tellingOfReleases(access: ClusterAccess, onRelease: () => void): ClusterAccess {
  return { ...access, ec2: { ...access.ec2, once: observedEc2(access.ec2.once, onRelease) } };
}

async function read(reconciler: Reconciler, request: NodeRequest, signal?: AbortSignal) {
  const { access } = reconciler;
  const { node } = request;
  const memory = reconciler.memoryOf(node);
  let instanceId = memory.instanceId ?? request.instanceId;
  if (instanceId === undefined) {
    const object = await access.kubernetes.getNode(node, signal);
    if (object === undefined) return { kind: 'no-node' } as const;
    if (object.instanceId === undefined) return withoutInstance(object);
    instanceId = object.instanceId;
  }
  const reading = await readNode(access, node, instanceId, signal);
  if (reading.kind === 'state') memory.instanceId = instanceId;
  else memory.instanceId = reading.kind === 'other-instance' ? reading.instanceId : undefined;
  return reading;
}

async function decideAndDo(
  { access, send, memoryOf, held }: Reconciler,
  request: NodeRequest,
  state: NodeState,
  isSole: () => Promise<boolean>,
  signal?: AbortSignal,
): Promise<NodeResult> {
  const memory = memoryOf(request.node);
  const { policy } = access;
  const decided = decide(state, request, memory, policy !== 'upsert-only');
  const restricted = async (): Promise<Plan | undefined> =>
    (await isSole()) ? undefined : decide(state, request, memory, false);
  if (policy === 'dry-run') {
    const wouldDo = (unassigns(decided) ? await restricted() : undefined) ?? decided;
    report(access, state, wouldDo);
    return { kind: 'reconciled', plan: wouldDo, applied: nothing(wouldDo) };
  }
  await held();
  const { seenGone } = memory;
  const remember = (gone: readonly Placement[]): void =>
    seenGone.record({ at: startedAt, pods: unfinished(state), gone });
  const startedAt = access.clock.now();
  const applied = await apply(access, state, decided, {
    assignKept: request.assignKept || decided.keep.some(seenGone.contradicts),
    inConflict: (assignment) => isInConflict(state, assignment),
    letGo: request.letGo,
    restricted,
    signal,
  });
  // Also where EC2 throttled in the middle: the retry does not ask about these again.
  remember(applied.unseenGone);
  await send([...applied.unassignedFrom].map((node) => moved(access, node)));
  seenGone.forget(applied.assigned);
  // Those whose addresses are there need not wait for the read-back, nor for what failed beside them.
  await tell(access, { state, plan: decided, applied, pods: request.pods }, signal);
  if (applied.failures.length > 0) throw applied.failures[0];
  await seeGone(access, state.node, state.instanceId, applied.toBeGone, signal);
  remember(applied.toBeGone);
  seenGone.forget([...decided.keep, ...decided.held]);
  return { kind: 'reconciled', plan: decided, applied };
}

function once<T>(task: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= task();
    return done;
  };
}

/**
 * Whether the node's instance is its own. Asked before anything is unassigned, once for a
 * reconcile: a second Node of the instance knows pods that this one does not.
 */
async function isSoleNode(
  { cluster, kubernetes, telemetry }: ClusterAccess,
  node: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const nodes = await kubernetes.listNodes(signal);
  if (soleNodes(nodes).has(node)) return true;
  telemetry.warn(
    'another Node names the same instance: nothing is released. Delete the Node that is no more',
    { cluster, node },
  );
  return false;
}

function unassigns({ move, release, releaseUnseen }: Plan): boolean {
  return move.length + release.length + releaseUnseen.length > 0;
}

function decide(
  state: NodeState,
  { named, pods }: NodeRequest,
  { seenGone }: NodeMemory,
  unassigns: boolean,
): Plan {
  const decided = plan({ ...state, named: new Set(named.keys()), unassigns });
  const releaseUnseen = decided.releaseUnseen.filter((placement) => {
    const { address } = placement;
    const by = pods.filter(({ ips }) => ips.includes(address)).map(({ uid }) => uid);
    return !seenGone.covers(placement, { at: named.get(address) ?? 0, pods: by });
  });
  return { ...decided, releaseUnseen };
}

function unfinished({ podObjects }: NodeState): ReadonlySet<string> {
  const pods = [...podObjects.values()].filter(({ finished }) => !finished);
  return new Set(pods.map(({ uid }) => uid));
}

function nothing({ problems }: Plan): Applied {
  return {
    assigned: [],
    takenOver: 0,
    problems,
    released: [],
    toBeGone: [],
    unseenGone: [],
    unassignedFrom: new Set(),
    open: [],
    failures: [],
  };
}

function report(access: ClusterAccess, { node }: NodeState, decided: Plan): void {
  const { assign, move, release, releaseUnseen } = decided;
  if (assign.length + move.length + release.length + releaseUnseen.length === 0) return;
  const placements = (list: readonly { address: string; eniId: string }[]) =>
    list.map(({ address, eniId }) => `${address} on ${eniId}`);
  access.telemetry.info(
    'dry run: nothing is changed',
    { cluster: access.cluster, node },
    {
      assign: placements([...assign, ...move]),
      release: placements([...release, ...releaseUnseen]),
    },
  );
}

/** What a pod is told where another has its address: EC2 would refuse it again. */
const HELD: ReadonlySet<string> = new Set<Problem['kind']>(['conflict', 'held-elsewhere']);

function isInConflict(state: NodeState, { address, claim }: Assignment): boolean {
  const message = state.podObjects.get(claim.pod.uid)?.condition?.message ?? '';
  return parseProblems(message).some((told) => told.address === address && HELD.has(told.kind));
}

/** Tells a node that addresses were unassigned from its ENIs; whatever its reads show, it assigns again. */
function moved(access: ClusterAccess, node: string): NodeMessage {
  return {
    version: 1,
    cluster: access.cluster,
    node,
    reason: 'moved',
    observedAt: new Date(access.clock.now()).toISOString(),
    pods: [],
  };
}

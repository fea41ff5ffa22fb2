import * as z from 'zod';
import { POD_ANNOTATIONS } from './annotations.ts';
import { CONDITION_TYPE, type Pod, type PodCondition } from './kubernetes.ts';
import { annotations, instantSchema, parseObject, pick } from './malformed.ts';
import { containers, requestedRoom } from './room-resources.ts';

const condition = z.object({
  type: z.string(),
  // Anyone who may patch a pod's status may write what they like here.
  status: z.enum(['True', 'False', 'Unknown']).catch('Unknown'),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  lastTransitionTime: instantSchema.nullish().catch(undefined),
});

const pod = z.object({
  metadata: z.object({
    namespace: z.string().min(1),
    name: z.string().min(1),
    uid: z.string().min(1),
    creationTimestamp: instantSchema,
    deletionTimestamp: instantSchema.nullish(),
    annotations,
  }),
  spec: z.object({
    nodeName: z.string().nullish(),
    hostNetwork: z.boolean().nullish(),
    readinessGates: z.array(z.object({ conditionType: z.string() })).nullish(),
    containers,
    initContainers: containers,
  }),
  status: z
    .object({
      phase: z.string().nullish(),
      podIP: z.string().nullish(),
      conditions: z.array(condition).nullish(),
    })
    .nullish(),
});

/**
 * What is kept of a Pod object, as the API server or a watch gives it.
 *
 * @throws MalformedObjectError. A caller that lists must not go on without that pod: what
 *   it claims would look unclaimed and be released.
 */
export function podFromObject(object: unknown): Pod {
  const { metadata, spec, status } = parseObject('Pod', pod, object);
  const ours = ourCondition(status?.conditions);
  const sandboxSince = sandboxReadySince(status, metadata.creationTimestamp);
  const requested = requestedRoom(spec.containers, spec.initContainers);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    ...(spec.nodeName ? { node: spec.nodeName } : {}),
    createdAt: metadata.creationTimestamp,
    terminating: typeof metadata.deletionTimestamp === 'number',
    finished: status?.phase === 'Succeeded' || status?.phase === 'Failed',
    hostNetwork: spec.hostNetwork === true,
    gated: spec.readinessGates?.some((gate) => gate.conditionType === CONDITION_TYPE) === true,
    ...(sandboxSince === undefined ? {} : { sandboxSince }),
    annotations: pick(metadata.annotations, POD_ANNOTATIONS),
    ...(ours === undefined ? {} : { condition: ours }),
    ...(requested === undefined ? {} : { requestedRoom: requested }),
  };
}

/**
 * The kubelet says so by a condition, from Kubernetes 1.29 on
 * (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-has-network). Before, a pod
 * with an address has a sandbox, and when that was made is not known better than by the pod's age.
 */
function sandboxReadySince(
  status: z.infer<typeof pod>['status'],
  createdAt: number,
): number | undefined {
  const told = status?.conditions?.find(({ type }) => type === 'PodReadyToStartContainers');
  if (told === undefined) return status?.podIP ? createdAt : undefined;
  return told.status === 'True' ? (told.lastTransitionTime ?? createdAt) : undefined;
}

function ourCondition(
  conditions: readonly z.infer<typeof condition>[] | null | undefined,
): PodCondition | undefined {
  const ours = conditions?.find(({ type }) => type === CONDITION_TYPE);
  if (ours === undefined) return undefined;
  return { status: ours.status, reason: ours.reason ?? '', message: ours.message ?? '' };
}

import * as z from 'zod';
import { POD_ANNOTATIONS } from './annotations.ts';
import { CONDITION_TYPE, type Pod, type PodCondition } from './kubernetes.ts';
import { annotations, instant, parseObject, pick } from './malformed.ts';

const condition = z.object({
  type: z.string(),
  // Anyone who may patch a pod's status may write what they like here.
  status: z.enum(['True', 'False', 'Unknown']).catch('Unknown'),
  reason: z.string().nullish(),
  message: z.string().nullish(),
});

const pod = z.object({
  metadata: z.object({
    namespace: z.string().min(1),
    name: z.string().min(1),
    uid: z.string().min(1),
    creationTimestamp: instant,
    deletionTimestamp: instant.nullish(),
    annotations,
  }),
  spec: z.object({
    nodeName: z.string().nullish(),
    hostNetwork: z.boolean().nullish(),
    readinessGates: z.array(z.object({ conditionType: z.string() })).nullish(),
  }),
  status: z
    .object({ phase: z.string().nullish(), conditions: z.array(condition).nullish() })
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
    annotations: pick(metadata.annotations, POD_ANNOTATIONS),
    ...(ours === undefined ? {} : { condition: ours }),
  };
}

function ourCondition(
  conditions: readonly z.infer<typeof condition>[] | null | undefined,
): PodCondition | undefined {
  const ours = conditions?.find(({ type }) => type === CONDITION_TYPE);
  if (ours === undefined) return undefined;
  return { status: ours.status, reason: ours.reason ?? '', message: ours.message ?? '' };
}

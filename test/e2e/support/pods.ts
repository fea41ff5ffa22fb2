import * as z from 'zod';
import type { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import type { PodName, RealCluster } from '../cluster/start.ts';

const state = z.object({
  running: z.object({ startedAt: z.string() }).optional(),
  waiting: z.object({ reason: z.string().optional() }).optional(),
  terminated: z.object({ exitCode: z.number(), finishedAt: z.string() }).optional(),
});
const containers = z.array(z.object({ name: z.string(), state })).default([]);
const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  lastTransitionTime: z.string(),
});
const pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.object({
    nodeName: z.string().optional(),
    readinessGates: z.array(z.object({ conditionType: z.string() })).default([]),
  }),
  status: z.object({
    conditions: z.array(condition).default([]),
    containerStatuses: containers,
    initContainerStatuses: containers,
  }),
});
type PodObject = z.infer<typeof pod>;

/** A pod as the API server shows it, with how its containers are. */
export interface PodStatus extends PodObject {
  conditionOf(type: string): z.infer<typeof condition> | undefined;
  /** How a container or an init container is. */
  container(name: string): z.infer<typeof state>;
}

export async function podStatus(
  { kubectl }: RealCluster,
  { namespace = 'default', name }: PodName,
): Promise<PodStatus> {
  const args = ['get', 'pod', name, `--namespace=${namespace}`, '--output=json'];
  const read = pod.parse(JSON.parse(await kubectl(args)));
  const all = [...read.status.containerStatuses, ...read.status.initContainerStatuses];
  return {
    ...read,
    conditionOf: (type) => read.status.conditions.find((each) => each.type === type),
    container: (wanted) => all.find((each) => each.name === wanted)?.state ?? {},
  };
}

/** Waits until a pod is as said, `Ready` or our own condition. */
export async function waitFor(
  { kubectl }: RealCluster,
  { namespace = 'default', name }: PodName,
  type: 'Ready' | typeof CONDITION_TYPE,
): Promise<void> {
  const where = [`pod/${name}`, `--namespace=${namespace}`, '--timeout=60s'];
  await kubectl(['wait', `--for=condition=${type}`, ...where]);
}

/** Deletes a pod, and waits until its object is gone. */
export async function deletePod(
  { kubectl }: RealCluster,
  { namespace = 'default', name }: PodName,
): Promise<void> {
  await kubectl(['delete', 'pod', name, `--namespace=${namespace}`, '--grace-period=1']);
}

import * as z from 'zod';
import type { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import type { WatchEvent } from '../cluster/api.ts';
import { until } from '../cluster/processes.ts';
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
  message: z.string().optional(),
  lastTransitionTime: z.string(),
});
const pod = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    managedFields: z
      .array(z.object({ manager: z.string(), fieldsV1: z.unknown().optional() }))
      .default([]),
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
  { api }: RealCluster,
  { namespace = 'default', name }: PodName,
): Promise<PodStatus> {
  const read = pod.parse(await api.find('pods', { namespace, name }));
  const all = [...read.status.containerStatuses, ...read.status.initContainerStatuses];
  return {
    ...read,
    conditionOf: (type) => read.status.conditions.find((each) => each.type === type),
    container: (wanted) => all.find((each) => each.name === wanted)?.state ?? {},
  };
}

type PodCondition = 'Ready' | 'ContainersReady' | typeof CONDITION_TYPE;

/** Tells of each pod of the namespace `default` as it is, and then of its changes, until the signal. */
export async function watchPods(
  { api }: RealCluster,
  signal: AbortSignal,
  tell: (event: WatchEvent) => void,
): Promise<void> {
  const tellOfDefault = (event: WatchEvent): void => {
    if (event.object.metadata.namespace === 'default') tell(event);
  };
  const { objects, version } = await api.read('pods');
  for (const object of objects) tellOfDefault({ type: 'ADDED', object });
  const follow = async (): Promise<void> => {
    for await (const event of api.watch('pods', version, signal)) tellOfDefault(event);
  };
  // It ends with the signal.
  follow().catch(() => undefined);
}

/** Waits until a pod is as said. */
export async function waitFor(
  cluster: RealCluster,
  { namespace = 'default', name }: PodName,
  type: PodCondition,
): Promise<void> {
  const isThat = async () =>
    (await podStatus(cluster, { namespace, name })).conditionOf(type)?.status === 'True';
  await until(isThat, `the pod ${namespace}/${name} to be ${type}`, 60_000);
}

const event = z.object({
  involvedObject: z.object({ name: z.string() }),
  reason: z.string(),
  message: z.string(),
});

/** What the Events about an object say. */
export async function eventsAbout(
  { api }: RealCluster,
  name: string,
): Promise<z.infer<typeof event>[]> {
  const events = (await api.list('events')).map((each) => event.parse(each));
  return events.filter(({ involvedObject }) => involvedObject.name === name);
}

/** Waits until an Event about a pod says something. */
export async function told(cluster: RealCluster, pod: string, what: string): Promise<void> {
  const isTold = async () =>
    (await eventsAbout(cluster, pod)).some(({ message }) => message.includes(what));
  await until(isTold, `${pod} to be told of ${what}`);
}

/** Deletes a pod, and waits until its object is gone. */
export async function deletePod(
  { api }: RealCluster,
  { namespace = 'default', name }: PodName,
): Promise<void> {
  const ref = { namespace, name };
  const uid = (await api.find('pods', ref))?.metadata.uid;
  await api.delete('pods', ref, { gracePeriodSeconds: 1 });
  const isGone = async () => (await api.find('pods', ref))?.metadata.uid !== uid;
  await until(isGone, `the pod ${namespace}/${name} to be gone`, 60_000);
}

import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { ApiServer } from '../../../sandbox/kubernetes/nodes/api-server.ts';
import type { MacOf } from '../../../sandbox/kubernetes/nodes/multus.ts';
import { type Nodes, startNodes } from '../../../sandbox/kubernetes/nodes/nodes.ts';
import { isRecord, type KubeObject, keyOf } from '../../../sandbox/kubernetes/object.ts';
import type { Ref } from '../../../sandbox/kubernetes/objects.ts';
import type { ResourceName } from '../../../sandbox/kubernetes/resources.ts';
import type { TrackedClock } from '../../support/tracked-clock.ts';
import { eventually } from '../../support/wait.ts';
import { type Api, Refused, STRATEGIC_MERGE_PATCH } from '../cluster/api.ts';
import { startMirror } from './mirror.ts';

export interface StandIns {
  readonly nodes: Nodes;
  /** Waits until all that they were about to write is written. */
  written(): Promise<void>;
  /** Waits until they have seen a pod, or another object, as a change tells of it. */
  seen(resource: ResourceName, ref: Ref): Promise<void>;
  /** @throws what went wrong with a watch or a write. */
  stop(): Promise<void>;
}

/**
 * The sandbox's stand-ins for kubelets and Multus, on another API server: what they know is what
 * its watches tell, and what they write it may refuse.
 */
export async function startStandIns(options: {
  readonly api: Api;
  readonly clock: TrackedClock;
  readonly macOf: MacOf;
  readonly emptiesAnnotation?: boolean | undefined;
}): Promise<StandIns> {
  const { api, clock, macOf, emptiesAnnotation } = options;
  const mirror = await startMirror(api, ['network-attachment-definitions', 'nodes', 'pods']);
  const writer = createWriter();
  const write = (resource: ResourceName, ref: Ref, task: () => Promise<unknown>): void =>
    writer.add(`${resource}/${keyOf(ref.namespace, ref.name)}`, task);
  const objects: ApiServer = {
    find: mirror.find,
    list: mirror.list,
    create(resource, object) {
      write(resource, { name: '' }, () => api.create(resource, object));
    },
    patch(resource, ref, patch, { subresource } = {}) {
      const stored = mirror.find(resource, ref);
      if (stored === undefined) return;
      const body = asStrategic(patch, stored);
      write(resource, ref, () =>
        api.patchWith(STRATEGIC_MERGE_PATCH, resource, ref, body, subresource),
      );
    },
    delete(resource, ref, more) {
      const uid = mirror.find(resource, ref)?.metadata.uid;
      const options = { ...more, preconditions: { uid } };
      write(resource, ref, () => api.delete(resource, ref, options));
    },
  };
  const nodes = startNodes({
    store: mirror,
    objects,
    clock,
    random: Math.random,
    macOf,
    emptiesAnnotation,
  });
  return {
    nodes,
    written: async () => eventually(() => writer.pending()).toBe(0),
    seen: async (resource, ref) =>
      eventually(() => mirror.find(resource, ref) !== undefined).toBe(true),
    async stop() {
      nodes.stop();
      await writer.end();
      await mirror.stop();
    },
  };
}

/** Writes in order what has to do with one object. */
function createWriter() {
  const queues = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  let pending = 0;
  const attempt = async (task: () => Promise<unknown>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      // The object is gone, or another of its name has come.
      const late = error instanceof Refused && [404, 409].includes(error.status);
      if (!late) failures.push(error);
    } finally {
      pending -= 1;
    }
  };
  return {
    add(key: string, task: () => Promise<unknown>): void {
      pending += 1;
      queues.set(
        key,
        (queues.get(key) ?? Promise.resolve()).then(() => attempt(task)),
      );
    },
    pending: () => pending,
    async end() {
      await Promise.all(queues.values());
      if (failures.length > 0) throw new AggregateError(failures, String(failures[0]));
    },
  };
}

const conditions = z.array(z.looseObject({ type: z.string() }));

/**
 * A merge patch of a pod as the strategic one that a kubelet sends: of the conditions only what it
 * changes, so that those of others stay, and for the object of that uid only.
 */
function asStrategic(patch: object, stored: KubeObject): object {
  const { status, metadata, ...rest } = Object.fromEntries(Object.entries(patch));
  const body = {
    ...rest,
    metadata: { ...(isRecord(metadata) ? metadata : {}), uid: stored.metadata.uid },
  };
  if (!isRecord(status)) return body;
  const lists = ['podIPs', 'hostIPs'].filter((field) => Array.isArray(status[field]));
  const replaced = lists.map((field) => [field, replacing(status[field])]);
  const known = conditions.catch([]).parse(stored.status?.conditions);
  const changed = conditions
    .catch([])
    .parse(status.conditions)
    .filter((condition) => !known.some((each) => isDeepStrictEqual(each, condition)));
  return { ...body, status: { ...status, ...Object.fromEntries(replaced), conditions: changed } };
}

function replacing(list: unknown): unknown[] {
  return [{ $patch: 'replace' }, ...z.array(z.unknown()).parse(list)];
}

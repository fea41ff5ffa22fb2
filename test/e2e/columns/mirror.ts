import type { ApiServer, Changes } from '../../../sandbox/kubernetes/nodes/api-server.ts';
import type { Ref } from '../../../sandbox/kubernetes/objects.ts';
import { type ResourceName, resourceNamed } from '../../../sandbox/kubernetes/resources.ts';
import { createStore } from '../../../sandbox/kubernetes/store.ts';
import type { Api } from '../cluster/api.ts';

/** Objects of an API server as its watches have told of them so far. */
export interface Mirror extends Changes, Pick<ApiServer, 'find' | 'list'> {
  /** Ends the watches. @throws what ended one of them before. */
  stop(): Promise<void>;
}

/** Lists and watches `resources`. */
export async function startMirror(api: Api, resources: readonly ResourceName[]): Promise<Mirror> {
  const store = createStore();
  const stopping = new AbortController();

  const follow = async (resource: ResourceName, version: string): Promise<void> => {
    try {
      for await (const { type, object } of api.watch(resource, version, stopping.signal)) {
        if (type === 'DELETED') store.remove(resource, object);
        else store.put(resource, object);
      }
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
    if (!stopping.signal.aborted) throw new Error(`the watch of ${resource} has ended`);
  };
  const watching: Promise<unknown>[] = [];
  for (const resource of resources) {
    const { objects, version } = await api.read(resource);
    for (const object of objects) store.put(resource, object);
    const watch = follow(resource, version);
    watch.catch(() => undefined);
    watching.push(watch);
  }

  return {
    onChange: store.onChange,
    find: (resource, ref: Ref) => {
      const { namespaced } = resourceNamed(resource);
      return store.get(resource, namespaced ? (ref.namespace ?? 'default') : undefined, ref.name);
    },
    list: (resource) => store.list(resource),
    async stop() {
      stopping.abort();
      await Promise.all(watching);
    },
  };
}

import type { ApiServer, Changes } from '../../../sandbox/kubernetes/nodes/api-server.ts';
import type { Ref } from '../../../sandbox/kubernetes/objects.ts';
import { type ResourceName, resourceNamed } from '../../../sandbox/kubernetes/resources.ts';
import { createStore } from '../../../sandbox/kubernetes/store.ts';
import type { Api } from '../cluster/api.ts';

/** Objects of an API server as its lists and watches have told of them so far. */
export interface Mirror extends Changes, Pick<ApiServer, 'find' | 'list'> {
  /** Ends the watches. @throws what ended one of them before. */
  stop(): Promise<void>;
}

/** Lists and watches `resources`. */
export async function startMirror(api: Api, resources: readonly ResourceName[]): Promise<Mirror> {
  const store = createStore();
  const stopping = new AbortController();

  const refill = async (resource: ResourceName): Promise<string> => {
    const { objects, version } = await api.read(resource);
    const gone = new Set(store.list(resource).map(({ metadata }) => metadata.uid));
    for (const object of objects) {
      gone.delete(object.metadata.uid);
      store.put(resource, object);
    }
    for (const object of store.list(resource)) {
      if (gone.has(object.metadata.uid)) store.remove(resource, object);
    }
    return version;
  };
  const watchFrom = async (resource: ResourceName, version: string): Promise<void> => {
    for await (const { type, object } of api.watch(resource, version, stopping.signal)) {
      if (type === 'DELETED') store.remove(resource, object);
      else store.put(resource, object);
    }
  };
  /** An API server ends watches as it likes, above all those that read slowly on a busy machine. */
  const follow = async (resource: ResourceName, first: string): Promise<void> => {
    try {
      await watchFrom(resource, first);
      while (!stopping.signal.aborted) await watchFrom(resource, await refill(resource));
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
  };
  const watching: Promise<unknown>[] = [];
  for (const resource of resources) {
    const watch = follow(resource, await refill(resource));
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

import { type Draft, frozenJson, type KubeObject, keyOf, type Metadata } from './object.ts';
import type { ResourceName } from './resources.ts';
import { expired, notYet } from './status.ts';

/** One write. `object` carries the version of the write, even if the write deleted the object. */
export interface Change {
  readonly version: number;
  readonly resource: ResourceName;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  readonly previous?: KubeObject;
}

/** An object that is complete but for its resourceVersion, which the store sets. */
export interface Unversioned extends Draft {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata & {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp: string;
  };
}

/**
 * What etcd and the watch cache are to an API server: objects under one counter of
 * versions, with the changes of the recent past.
 */
export interface Store {
  /** The version of the latest write. */
  version(): number;
  /** The oldest version that can still be read or watched from. */
  oldest(): number;
  get(resource: ResourceName, namespace: string | undefined, name: string): KubeObject | undefined;
  /**
   * The objects of `resource` in order of their keys, as they were at version `at`.
   *
   * @throws StatusError 410 if the store has dropped that version, 504 if the store has not reached it.
   */
  list(resource: ResourceName, at?: number): KubeObject[];
  /** The changes after version `after`, oldest first; throws as `list` does. */
  changesAfter(after: number): readonly Change[];
  put(resource: ResourceName, object: Unversioned): KubeObject;
  /** Deletes, and returns the object as the DELETED event shows it. */
  remove(resource: ResourceName, object: KubeObject): KubeObject;
  /** Calls `listener` within every write, after it is readable; returns how to stop that. */
  onChange(listener: (change: Change) => void): () => void;
  /** Drops the history before `version` (default: all of it). */
  compact(version?: number): void;
}

const keyOfObject = (object: KubeObject): string =>
  keyOf(object.metadata.namespace, object.metadata.name);

function versioned(object: Unversioned, version: number): KubeObject {
  const metadata = { ...object.metadata, resourceVersion: String(version) };
  return frozenJson({ ...object, metadata });
}

/** An empty store that keeps the last `historyLimit` changes. */
export function createStore(historyLimit = 10_000): Store {
  const current = new Map<ResourceName, Map<string, KubeObject>>();
  const listeners = new Set<(change: Change) => void>();
  let history: Change[] = [];
  let version = 1;

  const oldest = (): number => version - history.length;

  const objectsOf = (resource: ResourceName): Map<string, KubeObject> => {
    const known = current.get(resource);
    if (known !== undefined) return known;
    const objects = new Map<string, KubeObject>();
    current.set(resource, objects);
    return objects;
  };

  const changesAfter = (after: number): readonly Change[] => {
    if (after < oldest()) throw expired(after, oldest());
    if (after > version) throw notYet(after, version);
    return history.slice(history.length - (version - after));
  };

  const record = (
    resource: ResourceName,
    object: KubeObject,
    previous: KubeObject | undefined,
    type: Change['type'] = previous === undefined ? 'ADDED' : 'MODIFIED',
  ): void => {
    version += 1;
    const change = { version, resource, type, object, ...(previous && { previous }) };
    history.push(change);
    if (history.length > historyLimit) history.shift();
    for (const listener of [...listeners]) listener(change);
  };

  return {
    version: () => version,
    oldest,
    changesAfter,
    get: (resource, namespace, name) => objectsOf(resource).get(keyOf(namespace, name)),
    list(resource, at = version) {
      const objects = new Map(objectsOf(resource));
      for (const change of changesAfter(at).toReversed()) {
        if (change.resource !== resource) continue;
        if (change.previous === undefined) objects.delete(keyOfObject(change.object));
        else objects.set(keyOfObject(change.previous), change.previous);
      }
      return [...objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
    },
    put(resource, draft) {
      const object = versioned(draft, version + 1);
      const key = keyOfObject(object);
      const previous = objectsOf(resource).get(key);
      objectsOf(resource).set(key, object);
      record(resource, object, previous);
      return object;
    },
    remove(resource, previous) {
      const object = versioned(previous, version + 1);
      objectsOf(resource).delete(keyOfObject(object));
      record(resource, object, previous, 'DELETED');
      return object;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    compact(before = version) {
      history = history.filter((change) => change.version > before);
    },
  };
}

import type { KubeObject } from '../object.ts';
import type { DeleteOptions, Objects, Ref, WriteOptions } from '../objects.ts';
import type { ResourceName } from '../resources.ts';
import type { Change } from '../store.ts';

/**
 * What the stand-ins for scheduler, kubelet and Multus need of an API server: what it last told
 * them of, and writes whose outcome they see by what it tells next. Patches are merge patches.
 */
export interface ApiServer extends Pick<Objects, 'find' | 'list'> {
  create(resource: ResourceName, object: object): void;
  patch(resource: ResourceName, ref: Ref, patch: object, options?: WriteOptions): void;
  delete(resource: ResourceName, ref: Ref, options?: DeleteOptions): void;
}

/** Where they are told. */
export interface Changes {
  /** Calls `listener` once what changed can be found; returns how to stop that. */
  onChange(listener: (change: NodeChange) => void): () => void;
}

export interface NodeChange extends Pick<Change, 'resource' | 'type'> {
  readonly object: KubeObject;
}

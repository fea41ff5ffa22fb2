import { allResources, type Resource, type ResourceName, resourceNamed } from './resources.ts';
import type { Store } from './store.ts';

/** The custom resources whose definition the cluster has. */
export interface Kinds {
  has(resource: Resource): boolean;
  /** As a deletion of its CustomResourceDefinition does: all its objects go, too. */
  remove(name: ResourceName): void;
  /** As the definition that is applied does. */
  add(name: ResourceName): void;
}

/** All kinds that the sandbox knows; without `multus` those of Multus and whereabouts are not there. */
export function createKinds(store: Store, multus: boolean): Kinds {
  const ofMultus = allResources().filter(
    ({ custom, group }) => custom && group.endsWith('.cni.cncf.io'),
  );
  const absent = new Set<ResourceName>(multus ? [] : ofMultus.map(({ name }) => name));
  return {
    has: ({ name }) => !absent.has(name),
    remove(name) {
      if (!resourceNamed(name).custom) throw new Error(`${name} is no custom resource`);
      absent.add(name);
      for (const object of store.list(name)) store.remove(name, object);
    },
    add: (name) => void absent.delete(name),
  };
}

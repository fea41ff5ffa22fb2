import type { Clock } from '../../shared/time/clock.ts';
import { finalizersOf } from './finalizers.ts';
import type { Objects } from './objects.ts';
import { allResources } from './resources.ts';
import type { Change, Store } from './store.ts';

/** How long after a change the sandbox looks at a Namespace. */
const DELAY_MS = 1000;

/** The Namespace that may be done after a change: itself, or the one that something is gone from. */
function concerned({ resource, type, object }: Change): string | undefined {
  if (resource === 'namespaces') return object.metadata.name;
  return type === 'DELETED' ? object.metadata.namespace : undefined;
}

/**
 * The namespace controller: deletes all that is in a Namespace that is terminating, and lets it go
 * once it is empty.
 */
export function emptyNamespaces(options: {
  readonly store: Store;
  readonly objects: Objects;
  readonly clock: Clock;
}): void {
  const { store, objects, clock } = options;
  const due = new Set<string>();
  const contents = allResources().filter(({ namespaced }) => namespaced);

  const isTerminating = (name: string): boolean =>
    store.get('namespaces', undefined, name)?.metadata.deletionTimestamp !== undefined;

  const empty = (namespace: string): void => {
    const found = store.get('namespaces', undefined, namespace);
    if (found === undefined) return;
    for (const { name: resource } of contents) {
      for (const { metadata } of objects.list(resource, namespace)) {
        objects.delete(resource, { name: metadata.name, namespace });
      }
    }
    if (contents.some(({ name }) => objects.list(name, namespace).length > 0)) return;
    if (finalizersOf(found).length === 0) store.remove('namespaces', found);
    else store.put('namespaces', { ...found, spec: { ...found.spec, finalizers: [] } });
  };

  store.onChange((change) => {
    const name = concerned(change);
    if (name === undefined || due.has(name) || !isTerminating(name)) return;
    due.add(name);
    clock.after(DELAY_MS, () => {
      due.delete(name);
      empty(name);
    });
  });
}

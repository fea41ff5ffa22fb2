import { frozenJson, type KubeObject } from './object.ts';
import { invalidOptions } from './status.ts';
import type { Store } from './store.ts';

/** What is written with. */
export type Writer = Pick<Store, 'put' | 'remove'>;

/**
 * Answers writes and does none. An object keeps the version that it is stored with. A new object's
 * version is empty.
 */
export function writesNothing(store: Store): Writer {
  return {
    put(resource, draft) {
      const { namespace, name } = draft.metadata;
      const stored = store.get(resource, namespace, name);
      const resourceVersion = stored?.metadata.resourceVersion ?? '';
      const object: KubeObject = { ...draft, metadata: { ...draft.metadata, resourceVersion } };
      return frozenJson(object);
    },
    remove: (_resource, object) => object,
  };
}

/**
 * Whether `dryRun` asks for a dry run.
 *
 * @throws StatusError 422 for any value but `All`; `kind` is that of the request's options.
 */
export function readDryRun(kind: string, values: readonly string[]): boolean {
  if (values.every((value) => value === 'All')) return values.length > 0;
  throw invalidOptions(kind, {
    field: 'dryRun',
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`,
  });
}

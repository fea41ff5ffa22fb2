import * as z from 'zod';
import { parseLabelSelector } from './label-selector.ts';
import { type KubeObject, keyOf } from './object.ts';
import { apiVersionOf, type Resource } from './resources.ts';
import { type Matcher, parseFieldSelector } from './selectors.ts';
import { badRequest } from './status.ts';
import type { Store } from './store.ts';

/** Which objects a list, a watch or a collection's deletion is about. */
export interface Selection {
  readonly resource: Resource;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/**
 * Whether an object is in the selection.
 *
 * @throws StatusError 400 for a selector that cannot be read.
 */
export function matcherOf(selection: Selection): Matcher {
  const { resource, namespace, name } = selection;
  const labels = parseLabelSelector(selection.labelSelector ?? '');
  const fields = parseFieldSelector(resource, selection.fieldSelector ?? '');
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    labels(object.metadata.labels ?? {}) &&
    fields(object);
}

/** @throws StatusError 400 */
export function parseVersion(text: string): number {
  if (!/^\d{1,15}$/.test(text)) {
    throw badRequest(`resourceVersion: Invalid value: ${JSON.stringify(text)}: invalid syntax`);
  }
  return Number(text);
}

export interface ListOptions {
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
}

export interface ListAnswer {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items: readonly KubeObject[];
}

const tokenSchema = z.object({ version: z.int(), after: z.string() });

function readToken(text: string): z.output<typeof tokenSchema> {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw badRequest('continue key is not valid');
  }
}

/**
 * The version that a read is served from.
 * - Without a resourceVersion: the newest.
 * - For "0": any, up to `staleness` versions back.
 * - For another: at least that one. With resourceVersionMatch=Exact: exactly that one.
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list
 *
 * @throws StatusError 400, 410, 504
 */
export function versionToRead(store: Store, options: ListOptions, staleness: number): number {
  const { resourceVersion = '', resourceVersionMatch } = options;
  if (resourceVersion === '') return store.version();
  const asked = parseVersion(resourceVersion);
  if (asked === 0) return Math.max(store.oldest(), store.version() - staleness);
  if (resourceVersionMatch === 'Exact' || asked > store.version()) {
    store.changesAfter(asked);
    return asked;
  }
  return store.version();
}

/**
 * One page of a list. All pages of a list show the version of the first; once that
 * is dropped from the history the token answers 410.
 *
 * @throws StatusError 400, 410, 504
 */
export function listPage(
  store: Store,
  selection: Selection,
  options: ListOptions,
  staleness = 0,
): ListAnswer {
  const { resource } = selection;
  const matches = matcherOf(selection);
  const token = options.continue === undefined ? undefined : readToken(options.continue);
  const version = token?.version ?? versionToRead(store, options, staleness);
  const key = (object: KubeObject): string =>
    keyOf(object.metadata.namespace, object.metadata.name);
  const left = store
    .list(resource.name, version)
    .filter((object) => matches(object) && (token === undefined || key(object) > token.after));
  const { limit = 0 } = options;
  const items = limit > 0 ? left.slice(0, limit) : left;
  const last = items.at(-1);
  const more = left.length - items.length;
  // How many of a selection are left is not known to an API server that has not looked at them.
  const selected = Boolean(selection.labelSelector || selection.fieldSelector);
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(version),
      ...(more > 0 && last !== undefined
        ? {
            continue: Buffer.from(JSON.stringify({ version, after: key(last) })).toString(
              'base64url',
            ),
            ...(selected ? {} : { remainingItemCount: more }),
          }
        : {}),
    },
    items,
  };
}

import * as z from 'zod';

const stringMap = z.record(z.string(), z.string());
const jsonObject = z.record(z.string(), z.unknown());

const metadata = z.looseObject({
  name: z.string().optional(),
  generateName: z.string().optional(),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  deletionGracePeriodSeconds: z.number().optional(),
  finalizers: z.array(z.string()).optional(),
  labels: stringMap.optional(),
  annotations: stringMap.optional(),
});

const draft = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  metadata: metadata.default({}),
  spec: jsonObject.optional(),
  status: jsonObject.optional(),
});

export interface Metadata {
  readonly name?: string | undefined;
  readonly generateName?: string | undefined;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly creationTimestamp?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
  readonly deletionGracePeriodSeconds?: number | undefined;
  readonly finalizers?: readonly string[] | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly [field: string]: unknown;
}

/** An object as a client sends it: the server has yet to fill in and check. */
export interface Draft {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: Metadata;
  readonly spec?: Readonly<Record<string, unknown>> | undefined;
  readonly status?: Readonly<Record<string, unknown>> | undefined;
  readonly [field: string]: unknown;
}

/** An object with what the server sets. */
export interface KubeObject extends Draft {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata & {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly creationTimestamp: string;
  };
}

/** The fields of the metadata that are left out if they are empty. */
const OMITTED_EMPTY = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

/**
 * Reads an object that a client sent. A field that is null counts as absent, as it
 * does when Go decodes it.
 *
 * @throws z.ZodError if the value is no Kubernetes object.
 */
export function parseDraft(value: unknown): Draft {
  const text = JSON.stringify(value) ?? 'null';
  const parsed = draft.parse(dropNulls(JSON.parse(text)));
  const metadata = Object.entries(parsed.metadata).filter(
    ([name, field]) => !OMITTED_EMPTY.includes(name) || Object.keys(field ?? {}).length > 0,
  );
  return { ...parsed, metadata: Object.fromEntries(metadata) };
}

/** Takes fields that are null from a value of JSON, in place: a reviver takes three times as long. */
function dropNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const [name, field] of Object.entries(value)) {
    if (field === null) Reflect.deleteProperty(value, name);
    else dropNulls(field);
  }
  return value;
}

/** The value as JSON carries it: without fields that are undefined. */
export function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}

/** `namespace/name`, or the name of what has no namespace. */
export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a dotted path such as `spec.nodeName`; `undefined` if there is none. */
export function fieldAt(value: unknown, path: string): unknown {
  let at = value;
  for (const part of path.split('.')) at = isRecord(at) ? at[part] : undefined;
  return at;
}

/**
 * A copy of the value as JSON carries it, which cannot be changed. What is frozen is taken as it
 * is, being part of an earlier copy: most writes change little of an object.
 */
export function frozenJson<T>(value: T): T;
export function frozenJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) {
    return Object.freeze(value.map((item: unknown) => frozenJson(item ?? null)));
  }
  if (!isPlain(value)) return frozenJson(asJson(value));
  const copy: Record<string, unknown> = { ...value };
  for (const name of Object.keys(copy)) {
    const field = copy[name];
    if (typeof field === 'object') copy[name] = frozenJson(field);
    else if (field === undefined) delete copy[name];
  }
  return Object.freeze(copy);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

import { isDeepStrictEqual } from 'node:util';
import { fieldAt, isRecord } from './object.ts';
import { badRequest, invalidOptions, StatusError } from './status.ts';

/** Who applies, and whether the values of others yield. */
export interface Applying {
  readonly manager: string;
  readonly force: boolean;
}

/** An entry of `metadata.managedFields`. */
interface Managed {
  readonly manager: string;
  readonly fields: readonly string[];
}

type Path = readonly string[];

/** What the server sets, or what names the object: nobody owns these. */
const UNOWNED = new Set(['apiVersion', 'kind', 'metadata.name', 'metadata.namespace']);

/**
 * Server-side apply: a manager's fields become what it sends, and those that it sends no longer go.
 * A list is one field here; the real API server merges lists by their keys.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 *
 * @param stored absent if the object is to be created.
 * @returns the object to write, with `metadata.managedFields`.
 * @throws StatusError 422 without a manager; 400 for `managedFields` in what is applied; 409 if another
 *   manager owns a field of another value.
 */
export function applied(stored: object | undefined, sent: unknown, applying: Applying): object {
  const { manager, force } = applying;
  if (manager === '') {
    throw invalidOptions('PatchOptions', {
      field: 'fieldManager',
      reason: 'FieldValueRequired',
      message: 'Required value: is required for apply patch',
    });
  }
  if (!isRecord(sent)) throw badRequest('the body of an apply patch is no object');
  if (fieldAt(sent, 'metadata.managedFields') !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const fields = leavesOf(sent).filter((path) => !UNOWNED.has(path.join('.')));
  const managed = managedOf(stored);
  const others = managed.filter((each) => each.manager !== manager);
  const contested = fields.filter((path) => {
    const owned = others.some((other) => other.fields.includes(JSON.stringify(path)));
    return owned && !isDeepStrictEqual(valueAt(stored, path), valueAt(sent, path));
  });
  if (contested.length > 0 && !force) throw conflictWith(others, contested);

  const next = structuredClone(isRecord(stored) ? { ...stored } : {});
  const sentNow = new Set(fields.map((path) => JSON.stringify(path)));
  const taken = new Set(contested.map((path) => JSON.stringify(path)));
  const elsewhere = new Set(others.flatMap((other) => other.fields));
  const before = managed.find((each) => each.manager === manager)?.fields ?? [];
  for (const field of before) {
    if (!sentNow.has(field) && !elsewhere.has(field)) unset(next, pathOf(field));
  }
  for (const path of leavesOf(sent)) set(next, path, valueAt(sent, path));
  const kept = others.map((other) => {
    return { ...other, fields: other.fields.filter((field) => !taken.has(field)) };
  });
  set(next, ['metadata', 'managedFields'], [...kept, { manager, fields: [...sentNow] }].map(entry));
  return next;
}

/** Fields by their paths, in the place of the nested `f:` keys of FieldsV1. */
function entry({ manager, fields }: Managed): object {
  return { manager, operation: 'Apply', fieldsType: 'FieldsV1', fieldsV1: { fields } };
}

function managedOf(stored: object | undefined): Managed[] {
  const entries = fieldAt(stored, 'metadata.managedFields');
  if (!Array.isArray(entries)) return [];
  return entries.map((each) => {
    const fields = fieldAt(each, 'fieldsV1.fields');
    return {
      manager: String(fieldAt(each, 'manager')),
      fields: Array.isArray(fields) ? fields.map(String) : [],
    };
  });
}

/** The paths of what is no object, and of empty objects. */
function leavesOf(value: unknown, path: Path = []): Path[] {
  if (!isRecord(value) || Object.keys(value).length === 0) return [path];
  return Object.entries(value).flatMap(([name, field]) => leavesOf(field, [...path, name]));
}

function pathOf(field: string): string[] {
  const path: unknown = JSON.parse(field);
  return Array.isArray(path) ? path.map(String) : [];
}

function valueAt(object: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, name) => (isRecord(at) ? at[name] : undefined), object);
}

function set(object: Record<string, unknown>, [name = '', ...rest]: Path, value: unknown): void {
  if (rest.length === 0) {
    object[name] = value;
    return;
  }
  const inner = isRecord(object[name]) ? { ...object[name] } : {};
  object[name] = inner;
  set(inner, rest, value);
}

function unset(object: Record<string, unknown>, [name = '', ...rest]: Path): void {
  const inner = object[name];
  if (rest.length === 0) delete object[name];
  else if (isRecord(inner)) unset(inner, rest);
}

function conflictWith(others: readonly Managed[], contested: readonly Path[]): StatusError {
  const causes = contested.map((path) => {
    const owner = others.find(({ fields }) => fields.includes(JSON.stringify(path)))?.manager;
    const field = `.${path.join('.')}`;
    return { reason: 'FieldManagerConflict', message: `conflict with "${owner}"`, field };
  });
  const text = causes.map(({ field, message }) => `${message}: ${field}`).join(', ');
  const count = `${causes.length} conflict${causes.length === 1 ? '' : 's'}`;
  return new StatusError(409, 'Conflict', `Apply failed with ${count}: ${text}`, { causes });
}

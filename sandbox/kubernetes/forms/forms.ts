import type { Draft } from '../object.ts';
import type { Resource } from '../resources.ts';
import { badRequest } from '../status.ts';
import { type Form, notAcceptable } from './accept.ts';
import { CELLS } from './cells.ts';
import { COLUMNS } from './columns.ts';
import { podRowConditions } from './pod-cells.ts';

/** What a Table's rows hold of their objects. */
export type IncludeObject = 'Metadata' | 'None' | 'Object';

export interface FormOptions {
  readonly form: Form;
  readonly resource: Resource;
  readonly includeObject: IncludeObject;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Objects in another form than their own. */
export interface Shape {
  one(object: Draft): object;
  list(list: { readonly metadata: object; readonly items: readonly Draft[] }): object;
  /** What a watch tells of, one after the other: a Table names its columns in the first alone. */
  watched(): (object: Draft) => object;
}

/** @throws StatusError 400 */
export function readIncludeObject(text: string | undefined): IncludeObject {
  const known = (['Metadata', 'None', 'Object'] as const).find((each) => each === text);
  if (text === undefined || known !== undefined) return known ?? 'Metadata';
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

export function shapeOf(options: FormOptions): Shape {
  return options.form.as === 'Table' ? tables(options) : partials(options);
}

function partial({ metadata }: Draft, apiVersion: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata };
}

/** Objects without anything but their metadata. */
function partials({ form, resource }: FormOptions): Shape {
  const apiVersion = `meta.k8s.io/${form.version}`;
  const check = (isList: boolean): void => {
    if (isList === (form.as === 'PartialObjectMetadataList')) return;
    const is = isList ? 'a list' : 'not a list';
    throw notAcceptable(
      `you requested ${form.as}, but the requested object is ${is} (*${resource.kind}${isList ? 'List' : ''})`,
    );
  };
  const one = (object: Draft): object => {
    check(false);
    return partial(object, apiVersion);
  };
  return {
    one,
    list({ metadata, items }) {
      check(true);
      const kind = 'PartialObjectMetadataList';
      return { kind, apiVersion, metadata, items: items.map((item) => partial(item, apiVersion)) };
    },
    watched: () => one,
  };
}

function tables({ form, resource, includeObject, now }: FormOptions): Shape {
  const apiVersion = `meta.k8s.io/${form.version}`;
  const includedOf = (object: Draft): object | null => {
    if (includeObject === 'None') return null;
    return includeObject === 'Object' ? object : partial(object, apiVersion);
  };
  const row = (object: Draft): object => {
    const conditions = resource.name === 'pods' ? podRowConditions(object) : [];
    return {
      cells: CELLS[resource.name](object, now()),
      ...(conditions.length > 0 ? { conditions } : {}),
      object: includedOf(object),
    };
  };
  const table = (
    metadata: object,
    items: readonly Draft[],
    columnDefinitions: object | null = COLUMNS[resource.name],
  ): object => ({
    kind: 'Table',
    apiVersion,
    metadata,
    columnDefinitions,
    rows: items.map(row),
  });
  const versionOf = ({ metadata }: Draft): object => ({
    resourceVersion: metadata.resourceVersion,
  });
  return {
    one: (object) => table(versionOf(object), [object]),
    list: ({ metadata, items }) => table(metadata, items),
    watched() {
      let isFirst = true;
      return (object) => {
        const columns = isFirst ? undefined : null;
        isFirst = false;
        return table(versionOf(object), [object], columns);
      };
    },
  };
}

import * as z from 'zod';
import { Ec2Error, invalidParameterValue } from './errors.ts';
import type { Tags } from './model.ts';
import { strings } from './query.ts';

export const filterList = z
  .array(z.strictObject({ Name: z.string(), Value: strings.default([]) }))
  .default([]);

export type Filters = z.infer<typeof filterList>;

/** What each filter of an action compares: an item matches by any of the texts. */
export type FilterTable<T> = Readonly<Record<string, (item: T) => readonly (string | undefined)[]>>;

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
const MAX_FILTERS = 50;
const MAX_VALUES = 200;

/**
 * Combines filters as EC2 does: values of one filter with "or", filters with "and";
 * `*` and `?` are wildcards, case matters.
 *
 * @throws Ec2Error for an unknown filter and for too many filters or values.
 */
export function matching<T extends { readonly tags: Tags }>(
  filters: Filters,
  table: FilterTable<T>,
): (item: T) => boolean {
  if (filters.length > MAX_FILTERS || filters.some(({ Value }) => Value.length > MAX_VALUES)) {
    throw new Ec2Error(
      'FilterLimitExceeded',
      `The maximum number of filter values specified on a single call is ${MAX_VALUES}`,
    );
  }
  const tests = filters.map(({ Name, Value }) => {
    const texts = textsOf(Name, table);
    const patterns = Value.map(wildcards);
    return (item: T): boolean =>
      texts(item).some(
        (text) => text !== undefined && patterns.some((pattern) => pattern.test(text)),
      );
  });
  return (item) => tests.every((test) => test(item));
}

function textsOf<T extends { readonly tags: Tags }>(
  name: string,
  table: FilterTable<T>,
): (item: T) => readonly (string | undefined)[] {
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return (item) => [item.tags.get(key)];
  }
  if (name === 'tag-key') return (item) => [...item.tags.keys()];
  const texts = Object.hasOwn(table, name) ? table[name] : undefined;
  if (texts === undefined) throw invalidParameterValue(`The filter '${name}' is invalid`);
  return texts;
}

function wildcards(value: string): RegExp {
  const source = value.replace(/\\?[\s\S]/g, (token) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    const literal = token.length > 1 ? token.slice(1) : token;
    return literal.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

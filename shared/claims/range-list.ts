import * as z from 'zod';
import { type AddressRange, familyOf, parseAddress, parseCidr, toInteger } from '../address.ts';
import { type Read, readJson, textAs, whatIsWrong } from '../text/read.ts';

/** Reads a CIDR block, `first-last` (both included) or one address; `undefined` for anything else. */
export function parseRange(text: string): AddressRange | undefined {
  if (text.includes('/')) return parseCidr(text);
  const [first, last, ...rest] = text.split('-').map((end) => parseAddress(end.trim()));
  if (first === undefined || rest.length > 0) return undefined;
  if (!text.includes('-')) return rangeBetween(toInteger(first), toInteger(first), familyOf(first));
  if (last === undefined || familyOf(first) !== familyOf(last)) return undefined;
  return rangeBetween(toInteger(first), toInteger(last), familyOf(first));
}

const MAX_RANGES = 10_000;

const range = textAs(parseRange, 'a CIDR block, a range first-last of one family, or an address');
const ranges = z
  .array(z.unknown())
  .max(MAX_RANGES, `more than ${MAX_RANGES} ranges`)
  .pipe(z.array(range));

/**
 * Reads a list of ranges as `multus-eni.dev/ranges` and the configuration write it:
 * a JSON list of strings, or strings separated by commas.
 */
export function parseRangeList(list: string | readonly string[]): Read<readonly AddressRange[]> {
  if (typeof list === 'string') {
    const text = list.trim();
    if (text.startsWith('[')) return readJson(text, ranges);
    return parseRangeList(text === '' ? [] : text.split(',').map((item) => item.trim()));
  }
  const parsed = ranges.safeParse(list);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, detail: whatIsWrong(parsed.error) };
}

function rangeBetween(
  first: bigint,
  last: bigint,
  family: AddressRange['family'],
): AddressRange | undefined {
  return first <= last ? { family, first, last } : undefined;
}

/** The same addresses in the fewest ranges, by family and then by address. */
export function mergeRanges(ranges: Iterable<AddressRange>): AddressRange[] {
  const sorted = [...ranges].sort((a, b) =>
    a.family !== b.family
      ? a.family - b.family
      : a.first < b.first
        ? -1
        : a.first > b.first
          ? 1
          : 0,
  );
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous?.family !== range.family || range.first > previous.last + 1n) {
      merged.push(range);
    } else if (range.last > previous.last) {
      merged[merged.length - 1] = { ...previous, last: range.last };
    }
  }
  return merged;
}

/** What is left of `range` without `excluded`, in order. */
export function subtractRanges(
  range: AddressRange,
  excluded: Iterable<AddressRange>,
): AddressRange[] {
  const left: AddressRange[] = [];
  let first = range.first;
  for (const hole of mergeRanges(excluded)) {
    if (hole.family !== range.family || hole.last < first) continue;
    if (hole.first > range.last) break;
    if (hole.first > first) left.push({ ...range, first, last: hole.first - 1n });
    first = hole.last + 1n;
  }
  if (first <= range.last) left.push({ ...range, first });
  return left;
}

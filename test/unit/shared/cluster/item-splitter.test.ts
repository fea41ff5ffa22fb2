import fc from 'fast-check';
import { expect, test } from 'vitest';
import { itemSplitter } from '../../../../shared/cluster/item-splitter.ts';

/** Reads a text as a list, in pieces that end at these places. */
function split(text: string, ends: readonly number[]): { items: unknown[]; list: unknown } {
  const items: unknown[] = [];
  const splitter = itemSplitter((json) => items.push(JSON.parse(json)));
  let from = 0;
  for (const end of [...ends.toSorted((a, b) => a - b), text.length]) {
    splitter.feed(text.slice(from, end));
    from = Math.max(from, end);
  }
  return { items, list: JSON.parse(splitter.end()) };
}

const hostile = fc.oneof(
  fc.jsonValue(),
  fc.stringMatching(/^[\\"[\]{},:a]{0,12}$/),
  fc.constantFrom('items', '"items":[', '\\', '\\"'),
);
const list = fc.record({
  before: fc.dictionary(fc.constantFrom('a', '"', 'item', 'itemss', '\\'), hostile),
  items: fc.array(fc.oneof(hostile, fc.record({ items: fc.array(hostile) }))),
  after: fc.dictionary(fc.constantFrom('metadata', 'x"items', 'kind'), hostile),
  space: fc.constantFrom(0, 1, 2),
});

test('a list is read as JSON.parse reads it, wherever its pieces end', () => {
  fc.assert(
    fc.property(list, fc.array(fc.nat(400)), ({ before, items, after, space }, ends) => {
      const text = JSON.stringify({ ...before, items, ...after }, undefined, space);
      const whole = JSON.parse(text);
      expect(split(text, ends)).toEqual({ items: whole.items, list: { ...whole, items: [] } });
    }),
    { numRuns: 500 },
  );
});

test('what JSON.parse refuses is refused, wherever it is broken', () => {
  fc.assert(
    fc.property(
      list,
      fc.array(fc.nat(400)),
      fc.nat(400),
      fc.constantFrom('', ']', '[', '}', '{', ',', '"', ':', '\\', 'x'),
      ({ before, items, after }, ends, at, put) => {
        const text = JSON.stringify({ ...before, items, ...after });
        const place = Math.min(at, text.length - 1);
        const broken = text.slice(0, place) + put + text.slice(place + 1);
        if (isJson(broken)) return;
        expect(() => split(broken, ends)).toThrow(SyntaxError);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a list that names its items in an escaped way, or twice, hides none', () => {
  expect(split('{"\\u0069tems":[1,2]}', [])).toEqual({ items: [1, 2], list: { items: [] } });
  expect(() => split('{"items":[1],"items":[2]}', [])).toThrow('a list has its items twice');
});

test('each item is handed on before the next one is there', () => {
  const items: string[] = [];
  const splitter = itemSplitter((json) => items.push(json));
  splitter.feed('{"items":[{"a":"],[');
  splitter.feed('"},{"b"');
  expect(items).toEqual(['{"a":"],["}']);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

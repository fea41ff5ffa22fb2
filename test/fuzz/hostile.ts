import fc from 'fast-check';

/**
 * Input as somebody would write it who wants to break the reader: valid JSON with something wrong
 * in it, so that most of it gets past the first check.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const NESTED = JSON.parse('['.repeat(500) + ']'.repeat(500));
/** `JSON.parse` makes an own property of it, where a literal would set the prototype. */
const POLLUTING = JSON.parse('{"__proto__": {"polluted": true}}');
const CONSTRUCTING = JSON.parse('{"constructor": {"prototype": {"polluted": true}}}');

const TEXTS = [
  '',
  ' ',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  'one\ntwo\r\n{"level":"ERROR"}',
  '\u001b[31mred\u001b]0;title\u0007',
  '\ud800',
  '\u202etxt.exe',
  'a'.repeat(3000),
  '1'.repeat(400),
  '-'.repeat(2000),
  'aa:'.repeat(1000),
  '/'.repeat(2000),
  'default/net-1',
  '0x7f.1',
  '1.2.3',
  '010.1.1.1',
  '172.16.1.70/33',
  '172.16.1.70/-1',
  '172.16.1.70/24/24',
  '172.16.1.90-172.16.1.70',
  '172.16.1.70-2600::1',
  '0.0.0.0/0',
  '::/0',
  '::ffff:172.16.1.70',
  'fe80::1%eth0',
  '2600:1F18:0:0::0070',
  '1::2::3',
  '999.1.1.1',
  'i-0123456789abcdef0',
  '2026-02-30T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '1e400',
  'spec.nodeName=a,metadata.name!=b',
];

const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  [],
  {},
  NESTED,
  POLLUTING,
  CONSTRUCTING,
  ...TEXTS,
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);

const KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'length',
  'a\nb',
  'x'.repeat(900),
];

/** A number from 0 to `max`, of fast-check's choice. */
type Pick = (max: number) => number;

const CHANGES: readonly ((
  parent: Json[] | { [key: string]: Json },
  key: string,
  pick: Pick,
) => void)[] = [
  (parent, key, pick) => set(parent, key, VALUES[pick(VALUES.length - 1)] ?? null),
  (parent, key, pick) => set(parent, key, VALUES[pick(VALUES.length - 1)] ?? null),
  (parent) => set(parent, '__proto__', { polluted: true }),
  (parent, key) => {
    Reflect.deleteProperty(parent, key);
  },
  (parent, key) => set(parent, key, [Reflect.get(parent, key)]),
  (parent, key) => set(parent, key, JSON.stringify(Reflect.get(parent, key))),
  (parent, key, pick) => set(parent, key, new Array(pick(40)).fill(Reflect.get(parent, key))),
  (parent, _key, pick) => {
    const value = VALUES[pick(VALUES.length - 1)] ?? null;
    if (Array.isArray(parent)) parent.push(value);
    else set(parent, KEYS[pick(KEYS.length - 1)] ?? '', value);
  },
];

/** Also if the key is `__proto__`, as JSON.parse does. */
function set(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** Changes something somewhere in `root`, of which nothing else is made. */
function change(root: Json, pick: Pick): void {
  let parent = root;
  for (;;) {
    if (typeof parent !== 'object' || parent === null) return;
    const keys = Object.keys(parent);
    const key = keys[pick(Math.max(0, keys.length - 1))];
    if (key === undefined) return;
    const child: Json = Reflect.get(parent, key);
    const isInner = typeof child === 'object' && child !== null && Object.keys(child).length > 0;
    if (!isInner || pick(2) === 0) {
      CHANGES[pick(CHANGES.length - 1)]?.(parent, key, pick);
      return;
    }
    parent = child;
  }
}

/** What was multiplied again and again is not what an input of this size would be. */
const MAX_LENGTH = 50_000;

/** Enough for three changes at any depth that the valid values have; more of it would begin anew. */
const choices = fc.noBias(fc.array(fc.nat(65_535), { minLength: 40, maxLength: 40 }));

function pickFrom(numbers: readonly number[]): Pick {
  let next = 0;
  return (max) => (numbers[next++ % numbers.length] ?? 0) % (max + 1);
}

/** Values of `valid`, of which three out of four have up to three changes. */
export function mutated(valid: fc.Arbitrary<unknown>): fc.Arbitrary<Json> {
  return fc.tuple(valid, fc.nat(3), choices).map(([value, times, numbers]) => {
    const pick = pickFrom(numbers);
    let json = copyOf(value);
    for (let time = 0; time < times; time += 1) {
      const root = { json: copyOf(json) };
      change(root, pick);
      // What a change puts in is shared: the next one has to change a copy.
      const text = JSON.stringify(root.json) ?? 'null';
      if (text.length <= MAX_LENGTH) json = JSON.parse(text);
    }
    return json;
  });
}

function copyOf(value: unknown): Json {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}

/** As much as makes whoever looks at each place of a text from each other place take a second. */
const PADDED_LENGTH = 32_768;
const PADDINGS = [
  ' ',
  ' ',
  ' ',
  '\n',
  '0',
  'a',
  '-',
  '.',
  ':',
  '/',
  ',',
  ';',
  '[',
  '{',
  '"',
  '\\',
  '\u3000',
];

/** One in so many texts is padded. */
const PADDED_ONE_IN = 20;

/** The text, now and then with much of the same before it, after it or in the middle of it. */
export function padded(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const padding = fc.record({
    isPadded: fc.nat(PADDED_ONE_IN - 1).map((turn) => turn === 0),
    what: fc.constantFrom(...PADDINGS),
    where: fc.constantFrom('before', 'after', 'within'),
  });
  return fc.tuple(texts, padding).map(([text, { isPadded, what, where }]) => {
    if (!isPadded) return text;
    const at = { before: 0, after: text.length, within: text.length >> 1 }[where] ?? 0;
    return text.slice(0, at) + what.repeat(PADDED_LENGTH) + text.slice(at);
  });
}

/** The JSON text of mutated values, now and then cut, doubled, padded or with a character that does not belong. */
export function mutatedText(valid: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  const changed = fc
    .tuple(mutated(valid), fc.nat(11), fc.nat(), hostileText)
    .map(([json, how, at, other]) => {
      const text = JSON.stringify(json);
      const place = at % (text.length + 1);
      if (how === 0) return text.slice(0, place);
      if (how === 1) return text.slice(0, place) + other + text.slice(place);
      if (how === 2) return text + text;
      if (how === 3) return other;
      return text;
    });
  return padded(changed);
}

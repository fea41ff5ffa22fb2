import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mutatedText } from './hostile.ts';
import { LARGE } from './large.ts';
import { runFuzz, TARGETS } from './run.ts';
import { fuzzTarget } from './target.ts';

const SEED = 20_260_301;

/** What is found of a reader that is fed JSON which was an object once. */
function foundOf(read: (text: string) => unknown, limitMs?: number): Promise<string | undefined> {
  const inputs = mutatedText(fc.record({ name: fc.constant('a'), list: fc.constant([1]) }));
  return fuzzTarget({ name: 'faulty', inputs, read }).feed(1000, SEED, limitMs);
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** As the libraries did that prototype pollution was found in. */
function merge(target: object, source: object): void {
  for (const [key, value] of Object.entries(source)) {
    const inner: unknown = Reflect.get(target, key);
    if (typeof value === 'object' && value && typeof inner === 'object' && inner) {
      merge(inner, value);
    } else Reflect.set(target, key, value);
  }
}

test('an exception that is not documented', async () => {
  expect(await foundOf((text) => JSON.parse(text))).toMatch(/JSON.*; input: /);
});

test('an exception for what is missing', async () => {
  expect(await foundOf((text) => Object.keys(Reflect.get(Object(json(text)), 'list')))).toMatch(
    /undefined/,
  );
});

test('a polluted prototype', async () => {
  try {
    expect(await foundOf((text) => merge({}, Object(json(text))))).toMatch(/prototype of Object/);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'polluted');
  }
});

test('a key __proto__ in a result', async () => {
  expect(await foundOf(json)).toMatch(/__proto__/);
});

test('a control character for people to read', async () => {
  expect(await foundOf((text) => ({ detail: text.slice(0, 100) }))).toMatch(/control character/);
});

test('a text as long as somebody else wants it', async () => {
  expect(await foundOf((text) => ({ detail: text.replace(/\p{Cc}/gu, '') }))).toMatch(
    /a detail of \d+ characters/,
  );
});

test('an input that takes longer than it may', async () => {
  // For each bracket more it takes twice as long.
  const slow = (text: string) => /^(\[+)+$/.test(`${/\[{20,}/.exec(text)?.[0].slice(0, 25)}]`);
  expect(await foundOf(slow, 50)).toMatch(/takes \d+(\.\d+)? ms of CPU time/);
});

test('an input of which each place is looked at from each other place', async () => {
  const slow = (text: string) => /^\s*x?\s*$/.test(text);
  expect(await foundOf(slow, 50)).toMatch(/takes \d+(\.\d+)? ms of CPU time/);
});

test('a run says how much it fed, and to what', async () => {
  const progress: string[] = [];
  const run = await runFuzz({
    inputs: 1,
    seed: SEED,
    measured: false,
    onProgress: (target, fed) => progress.push(`${target} ${fed}`),
  });
  expect(run).toEqual({ fuzzed: TARGETS.length + LARGE.length, violations: [] });
  expect(progress).toEqual([...TARGETS, ...LARGE].map(({ name }) => `${name} 1`));
});

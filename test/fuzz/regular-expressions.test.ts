import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from '@swc/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/**
 * What is read from outside meets regular expressions, and one that looks at each place of a text from
 * each other place lets a single annotation stop a program. So each of the product's is fed padding.
 */

const ROOT = new URL('../..', import.meta.url).pathname;
const PRODUCT =
  '{cli,config,conformance,console,events,forwarder,functions,ip-manager,resources,shared}/**/*.ts';

interface Found {
  readonly literals: readonly RegExp[];
  /** Made at run time: nobody can say from the source what they are. */
  readonly made: number;
}

/** The regular expressions of a source text. */
function expressionsIn(source: string): Found {
  const literals: RegExp[] = [];
  let made = 0;
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    if ('type' in node && node.type === 'RegExpLiteral') literals.push(literalOf(node));
    if ('callee' in node && nameOf(node.callee) === 'RegExp') made += 1;
    for (const child of Object.values(node)) walk(child);
  };
  if (/\/|RegExp/.test(source)) walk(parseSync(source, { syntax: 'typescript', target: 'es2024' }));
  return { literals, made };
}

function literalOf(node: object): RegExp {
  return new RegExp(String(Reflect.get(node, 'pattern')), String(Reflect.get(node, 'flags')));
}

function nameOf(callee: unknown): unknown {
  return typeof callee === 'object' && callee !== null ? Reflect.get(callee, 'value') : undefined;
}

const files = globSync(PRODUCT, { cwd: ROOT });
const found = new Map(
  files.toSorted().map((file) => [file, expressionsIn(readFileSync(join(ROOT, file), 'utf8'))]),
);

const LENGTH = 8192;
/** Of what a match may hold one after the other, so much is repeated. */
const MOST_REPEATED = 3;
const SAMPLES = 8;
/** A repetition within a repetition doubles with each of these: at the full length it would never end. */
const FEW = [8, 12, 16, 20, 24, 26];

/** One of each kind; beside those that the expression itself names. */
const KINDS = [' ', '\t', '\n', '\0', 'a', 'A', '0', '-', '.', '/', '\u00e9'];
/** What ends a text in a way that a match may not end. */
const ENDS = ['', '\0', '/', ' ', 'a'];

/** Without them an expression looks at so much from each place, and no more. */
const ENDLESS = /[*+]|\{\d+,\}/;

/** Texts that match, as far as they can be made, and the characters of the source. */
function matchesOf(expression: RegExp): string[] {
  try {
    const plain = new RegExp(expression.source, expression.flags.replace(/[gi]/g, ''));
    return fc.sample(fc.stringMatching(plain, { size: '-1' }), { seed: 1, numRuns: SAMPLES });
  } catch {
    // One with a property of Unicode or a look-around: its own characters stand in for a match.
    return [expression.source.replace(/\\[a-zA-Z]|[\\^$()[\]{}?*+|]/g, '')];
  }
}

/** What padding begins with, and what is repeated in it. */
function paddings(expression: RegExp): { readonly begin: string; readonly repeated: string }[] {
  const all = new Map<string, { begin: string; repeated: string }>();
  const add = (begin: string, repeated: string): void => {
    if (repeated !== '') all.set(JSON.stringify([begin, repeated]), { begin, repeated });
  };
  for (const character of new Set([...KINDS, ...expression.source])) add('', character);
  for (const match of matchesOf(expression)) {
    const text = match.slice(0, 24);
    for (let at = 0; at < text.length; at += 1) {
      add('', text.slice(0, at + 1));
      for (let width = 1; width <= MOST_REPEATED; width += 1) {
        add(text.slice(0, at), text.slice(at, at + width));
      }
    }
  }
  return [...all.values()];
}

function costOf(expression: RegExp, text: string): number {
  const begun = performance.now();
  text.replace(expression, '');
  return performance.now() - begun;
}

/** One that looks at each character once. */
const ONCE = /^[^%]*%/;
/**
 * So many times as long as that, at most. Those of the product take up to twenty times as long, and one
 * that begins anew at each place takes some hundred or thousand times as long.
 */
const MOST_TIMES = 200;
const TRIES = 3;

const FULL = 'a'.repeat(LENGTH);
let once = Number.POSITIVE_INFINITY;
for (let turn = 0; turn < 100; turn += 1) once = Math.min(once, costOf(ONCE, FULL));

/** Whether the text takes longer than one look at each of its characters can. */
function isSlow(expression: RegExp, text: string): boolean {
  // Who was busy with something else meanwhile is asked again.
  for (let turn = 0; turn < TRIES; turn += 1) {
    const reference = turn === 0 ? once : Math.max(once, costOf(ONCE, FULL));
    if (costOf(expression, text) <= MOST_TIMES * reference) return false;
  }
  return true;
}

/** The padding that an expression takes too long for; `undefined` if there is none. */
function slowPadding(expression: RegExp): string | undefined {
  if (!ENDLESS.test(expression.source)) return undefined;
  const few = /\)[*+{]/.test(expression.source) ? FEW : [];
  for (const { begin, repeated } of paddings(expression)) {
    for (const end of ENDS) {
      for (const times of [...few, Math.ceil(LENGTH / repeated.length)]) {
        if (isSlow(expression, begin + repeated.repeat(times) + end)) {
          return JSON.stringify({ begin, repeated, times, end });
        }
      }
    }
  }
  return undefined;
}

describe('no regular expression takes longer than one look at each character', () => {
  const withAny = [...found].filter(([, { literals }]) => literals.length > 0);

  test.each(withAny)('in %s', (_, { literals }) => {
    for (const expression of literals) {
      expect(slowPadding(expression), `${expression} takes too long for`).toBeUndefined();
    }
  });

  test('made at run time is none but of what is to be redacted, word for word', () => {
    const making = [...found].filter(([, { made }]) => made > 0).map(([file]) => file);
    expect(making).toEqual(['cli/bundle/redact.ts']);
  });

  test('and all are found', () => {
    expect(withAny.length).toBeGreaterThan(40);
    expect(expressionsIn('const [a] = b.split(/c+/u); new RegExp(a); RegExp("d")')).toEqual({
      literals: [/c+/u],
      made: 2,
    });
  });
});

test.each([
  [/^\s*(\[\s*\]|null)?\s*$/],
  [/:v?(\d+\.\d+\.\d+)(?:[-+.@][^/]*)?$/],
  [/[^/]+$/],
  [/[^a-z0-9]+$/],
  [/\d+% packet loss/],
  [/.*node_modules\/((?:@[^/]+\/)?[^/]+)/],
  [/^(a+)+$/],
  [/^x(?:a|a)*$/],
  [/^"(?:[^"\\]|\\.|\w)*"$/],
])('one that takes longer is found: %s', (expression) => {
  expect(slowPadding(expression)).toBeDefined();
});

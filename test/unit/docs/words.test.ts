import { describe, expect, test } from 'vitest';
import { HARD } from './hard-words.ts';
import { folderOf, readTexts, sentences } from './texts.ts';

/*
 * Counts what makes comments, messages and pages hard to read. The figures may only fall: if one is
 * lower after your change, write the lower one.
 */

const KINDS = ['where', 'unit', 'long', 'so', 'else'] as const;

/** What is left, by folder: one figure for each of KINDS. */
const LEFT: Readonly<Record<string, readonly number[]>> = {
  '.': [19, 0, 22, 0, 0],
  bench: [2, 0, 0, 0, 0],
  cli: [55, 10, 7, 16, 13],
  config: [0, 0, 0, 0, 0],
  conformance: [0, 0, 0, 0, 0],
  console: [4, 2, 0, 2, 0],
  demo: [0, 0, 1, 0, 0],
  deploy: [4, 0, 5, 0, 0],
  docs: [124, 2, 188, 3, 8],
  forwarder: [2, 2, 0, 4, 1],
  functions: [0, 0, 1, 0, 0],
  'ip-manager': [7, 0, 2, 0, 0],
  resources: [0, 0, 0, 0, 0],
  sandbox: [1, 0, 1, 0, 0],
  scripts: [19, 0, 12, 0, 2],
  shared: [12, 0, 8, 0, 1],
  test: [90, 18, 32, 41, 11],
};

const texts = readTexts();
const said = texts.flatMap(({ file, line, text }) =>
  sentences(text).map((sentence) => ({ file, line, sentence })),
);

describe('hard words in', () => {
  test.each(Object.entries(LEFT))('%s are as few as they were', (folder, left) => {
    const here = said.filter(({ file }) => folderOf(file) === folder);
    for (const [at, kind] of KINDS.entries()) {
      const found = here.flatMap(({ file, line, sentence }) =>
        new Array<string>(HARD[kind](sentence)).fill(`${file}:${line}: ${sentence}`),
      );
      const most = left[at] ?? 0;
      const list = found.length > most ? found : [];
      expect(list, `"${kind}" ${found.length} times, at most ${most}: rewrite what is new`).toEqual(
        [],
      );
      expect(found.length, `"${kind}": write the lower figure`).toBe(most);
    }
  });

  test('every folder are counted', () => {
    const folders = new Set(texts.map(({ file }) => folderOf(file)));
    expect([...folders].toSorted()).toEqual(Object.keys(LEFT).toSorted());
  });
});

test.each([
  ['where', 'Where the budget is empty, the node waits.', 1],
  ['where', '@throws where there is none.', 1],
  ['where', 'Absent where the type is not known.', 1],
  ['where', 'Where the forwarder runs.', 0],
  ['where', 'The ledger says where the address is.', 0],
  ['where', 'What is wrong, and where.', 0],
  ['unit', 'How long it waits, ms.', 1],
  ['unit', 'When it began: ms since the epoch.', 0],
  ['long', `${'word '.repeat(31)}.`, 1],
  ['long', `${'word '.repeat(30)}.`, 0],
  ['so', 'It waits for so long.', 1],
  ['so', 'The whole of it does so.', 0],
  ['else', 'Its name, else its id.', 1],
  ['else', 'Nobody else has it.', 0],
] as const)('of the kind "%s" the sentence "%s" has %i', (kind, sentence, times) => {
  expect(HARD[kind](sentence)).toBe(times);
});

test('comments, strings and pages are read, and code is not', () => {
  const here = texts.filter(({ file }) => file === 'test/unit/docs/hard-words.ts');
  expect(here.map(({ text }) => text)).toContain('How often a sentence has each of them.');
  expect(here.some(({ text }) => text.includes('matchAll'))).toBe(false);
  expect(said.some(({ sentence }) => sentence === 'What users notice, by version.')).toBe(true);
});

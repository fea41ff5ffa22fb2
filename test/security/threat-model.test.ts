import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;
const PAGE = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

interface Reference {
  readonly file: string;
  readonly title: string;
}

/** A file in backticks, then titles in italics, up to the next file. */
function referencesIn(text: string): Reference[] {
  return [...text.matchAll(/`(test\/[^`]+\.test\.ts)`((?:,? _[^_]+_)+)/g)].flatMap(
    ([, file = '', titles = '']) =>
      [...titles.matchAll(/_([^_]+)_/g)].map(([, title = '']) => ({ file, title })),
  );
}

/** The titles of a file's tests, as they are written there. */
function titlesOf(file: string): string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  const declared =
    /\b(?:test|it|scenario)(?:\.each(?:<[^(]*>)?\((?:[^()]|\([^()]*\))*\))?\(\s*(['"`])(.*?)\1,/gs;
  return [...source.matchAll(declared)].map(([, , title = '']) => title);
}

const REFERENCES = referencesIn(PAGE);

describe('each claim of the threat model', () => {
  const claims = PAGE.split('\n').filter((line) => line.startsWith('- '));

  test.each(claims.filter((line) => !line.includes('npm run sbom')))(
    'names its test: %s',
    (claim) => {
      expect(referencesIn(claim)).not.toEqual([]);
    },
  );

  test.each(REFERENCES)('is held by $file: $title', ({ file, title }) => {
    expect(titlesOf(file)).toContain(title);
  });
});

test('every test of this folder holds a claim', () => {
  const folder = 'test/security';
  const files = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.test.ts'));
  const others = files.filter((name) => name !== 'threat-model.test.ts');
  const declared = others.flatMap((name) =>
    titlesOf(`${folder}/${name}`).map((title) => ({ file: `${folder}/${name}`, title })),
  );
  expect(declared.length).toBeGreaterThan(20);
  const unnamed = declared.filter(
    ({ file, title }) => !REFERENCES.some((each) => each.file === file && each.title === title),
  );
  expect(unnamed).toEqual([]);
});

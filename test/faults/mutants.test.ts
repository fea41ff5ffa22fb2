import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { DEFECTS } from './mutants/defects.ts';
import { findFunction, findTest } from './mutants/plant.ts';

const ROOT = resolve(import.meta.dirname, '../..');

test.each(DEFECTS)(
  'what a defect is planted in, and what is to find it, is there: $name',
  (defect) => {
    for (const end of defect.tests ?? []) expect(findTest(ROOT, end)).toContain(end);
    for (const replaced of defect.replaced) {
      expect(findFunction(ROOT, replaced).text).toContain(`function ${replaced.name}`);
    }
  },
);

test('a function that there is not, or twice, is no place for a defect', () => {
  const root = mkdtempSync(join(tmpdir(), 'defects-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'shared'));
  for (const name of ['a', 'b']) {
    writeFileSync(join(root, 'shared', `${name}.ts`), 'export function same() {}\n');
  }
  expect(() => findFunction(root, { name: 'noSuch', by: '' })).toThrow(/these do: none/);
  expect(() => findFunction(root, { name: 'same', by: '' })).toThrow(/a\.ts, .*b\.ts/);
});

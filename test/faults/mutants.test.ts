import { resolve } from 'node:path';
import { expect, test } from 'vitest';
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
  expect(() => findFunction(ROOT, { name: 'noSuchFunction', by: '' })).toThrow(/these do: none/);
  expect(() => findFunction(ROOT, { name: 'withDeadline', by: '' })).toThrow(/deadline\.ts, /);
});

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkSizes } from '../../../scripts/check-sizes.ts';

/** A checkout in which git tracks files of so many lines. */
function checkoutOf(files: Readonly<Record<string, number>>): string {
  const root = mkdtempSync(join(tmpdir(), 'sizes-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, lines] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), 'let one;\n'.repeat(lines));
  }
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  execFileSync('git', ['add', '.'], { cwd: root });
  return root;
}

test('a file of more than 300 lines is found, whatever folder it is in', () => {
  const root = checkoutOf({ 'short.ts': 300, 'shared/long.ts': 301, 'test/long.test.ts': 400 });
  expect(checkSizes(root)).toEqual({
    files: 3,
    tooLong: [
      { path: 'shared/long.ts', lines: 301 },
      { path: 'test/long.test.ts', lines: 400 },
    ],
  });
});

test('what is no code may be as long as it is', () => {
  expect(checkSizes(checkoutOf({ 'table.json': 301, 'run.mjs': 1 }))).toEqual({
    files: 1,
    tooLong: [],
  });
});

test('what git does not track is not looked at', () => {
  const root = checkoutOf({ 'short.ts': 1 });
  writeFileSync(join(root, 'scratch.ts'), 'let one;\n'.repeat(301));
  expect(checkSizes(root).tooLong).toEqual([]);
});

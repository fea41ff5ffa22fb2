import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { program } from './parts/programs.ts';
import { pythonTools } from './python-tools.ts';

const ROOT = join(import.meta.dirname, '../..');
const WORKFLOWS = globSync('.github/workflows/*.yml', { cwd: ROOT });
const SCRIPTS = ['.ci/run', 'ip-manager/script.sh'];

/** A workflow with a mistake of YAML's, of GitHub's and of the shell's. */
const WRONG = `
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: echo \${{ github.reff }}
      - run: rm $file
`;

/** What actionlint prints, with shellcheck for the scripts; it ends with 1 if it finds anything. */
async function lint(files: readonly string[], input = ''): Promise<string> {
  const shellcheck = (await pythonTools())('shellcheck');
  const args = ['-shellcheck', shellcheck, '-pyflakes', '', '-no-color', ...files];
  const linting = promisify(execFile)(program('actionlint'), args, { cwd: ROOT });
  linting.child.stdin?.end(input);
  return linting.then(
    ({ stdout }) => stdout,
    (error: { readonly stdout?: string }) => error.stdout || String(error),
  );
}

test('actionlint and shellcheck find nothing in the workflows', async () => {
  expect(WORKFLOWS).toHaveLength(2);
  expect(await lint(WORKFLOWS)).toBe('');
});

test('a workflow that is wrong is seen', async () => {
  const found = await lint(['-'], WRONG);
  expect(found).toContain('property "reff" is not defined');
  expect(found).toContain('shellcheck reported issue');
});

test('shellcheck finds nothing in the shell scripts', async () => {
  const shellcheck = (await pythonTools())('shellcheck');
  const { stdout } = await promisify(execFile)(shellcheck, SCRIPTS, { cwd: ROOT });
  expect(stdout).toBe('');
});

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { operate } from './operator-bed.ts';

const MAIN = join(import.meta.dirname, '../../../cli/main.ts');

test.each([
  ['dri', ['drift']],
  ['explain ', ['pod', 'ip', 'eni', 'node']],
  ['explain p', ['pod']],
  ['drift --fa', ['--fail-on']],
  ['pro', ['probe']],
  ['probe --n', ['--network', '--nodes']],
  ['explain pod --c', ['--cluster', '--context']],
  ['drift --stage ', []],
  ['nothing', []],
])('`multus-eni %s` may become %j', async (line, expected) => {
  const { code, stdout } = await operate(['__complete', ...line.split(' ')]);
  expect({ code, words: stdout.split('\n').filter(Boolean) }).toEqual({ code: 0, words: expected });
});

test('bash completes by what the program prints for it', async () => {
  const { stdout: script } = await operate(['completion', 'bash']);
  const line = `
    multus-eni() { "${process.execPath}" "${MAIN}" "$@"; }
    ${script}
    COMP_WORDS=(multus-eni explain n); COMP_CWORD=2
    _multus_eni; echo "\${COMPREPLY[@]}"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', line]);
  expect(stdout).toBe('node\n');
});

test('there is a script for zsh and for fish, and for nobody else', async () => {
  expect((await operate(['completion', 'zsh'])).stdout).toContain('#compdef multus-eni');
  expect((await operate(['completion', 'fish'])).stdout).toContain('complete -c multus-eni');
  const { code, stderr } = await operate(['completion', 'csh']);
  expect(code).toBe(2);
  expect(stderr).toContain('Allowed choices are bash, zsh, fish');
});

test('what shells ask is not in the help', async () => {
  const { stdout } = await operate(['--help']);
  expect(stdout).toContain('completion');
  expect(stdout).not.toContain('__complete');
});

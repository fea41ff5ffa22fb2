import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const OPTIONS = new URL('../../../scripts/options.ts', import.meta.url).href;
const COMMENT = '`npm run it [-- --loud]`: does it.\n\n  more of it\n';
const PROGRAM = `/**
 * \`npm run it [-- --loud]\`: does it.
 *
 *   more of it
 */
import { optionsOf } from '${OPTIONS}';
const { values } = optionsOf(import.meta.url, { options: { loud: { type: 'boolean' } } });
console.log(values.loud === true ? 'LOUD' : 'silent');
`;

async function run(...options: string[]) {
  const file = join(await temporaryFolder(), 'it.ts');
  await writeFile(file, PROGRAM);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...options]);
  return { status, stdout: String(stdout), stderr: String(stderr) };
}

describe('a program of the repository', () => {
  test.each([
    [[], 'silent\n'],
    [['--loud'], 'LOUD\n'],
  ])('is told what it was asked for: %s', async (options, stdout) => {
    expect(await run(...options)).toEqual({ status: 0, stdout, stderr: '' });
  });

  test('says by --help what its file says of it', async () => {
    expect(await run('--help')).toEqual({ status: 0, stdout: COMMENT, stderr: '' });
  });

  test('says the same of an option that it does not know, and ends with 2', async () => {
    const stderr = `Unknown option '--nothing'.\n\n${COMMENT}`;
    expect(await run('--nothing')).toEqual({ status: 2, stdout: '', stderr });
  });
});

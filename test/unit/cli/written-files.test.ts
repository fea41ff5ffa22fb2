import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { operatorBed } from './operator-bed.ts';

/* Every file that the command line writes has names and addresses of a cluster. */
describe.each([
  ['bundle', '--out'],
  ['map', '--output'],
])('%s', (command, option) => {
  const write = async (file: string) => {
    const { operate } = await operatorBed(1);
    return operate([command, '--cluster', 'demo', option, file]);
  };

  test('follows no link, and leaves what it leads to as it is', async () => {
    const folder = await temporaryFolder();
    const [other, link] = [join(folder, 'other'), join(folder, 'link')];
    await writeFile(other, 'mine');
    await symlink(other, link);
    const { code, stderr } = await write(link);
    expect(code).toBe(2);
    expect(stderr).toContain('is a link');
    expect(await readFile(other, 'utf8')).toBe('mine');
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
  });

  test('leaves nothing of the mode of a file that was there, and nothing beside it', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'file');
    await writeFile(file, 'old');
    await chmod(file, 0o666);
    expect(await write(file)).toMatchObject({ code: 0, stderr: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['file']);
  });

  test('writes over nothing that is no file', async () => {
    const folder = await temporaryFolder();
    const { code, stderr } = await write(folder);
    expect(code).toBe(2);
    expect(stderr).toContain('is no file');
  });
});

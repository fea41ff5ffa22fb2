import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openInBrowser } from '../../../cli/map/open.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

test('the browser’s command line has nothing of the map’s address, which a file of the operator has', async () => {
  const folder = await temporaryFolder();
  const seen = join(folder, 'seen');
  for (const name of ['xdg-open', 'open']) {
    await writeFile(
      join(folder, name),
      `#!/bin/sh\necho "$@" > ${seen}.new && mv ${seen}.new ${seen}\n`,
    );
    await chmod(join(folder, name), 0o755);
  }
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env.PATH}`);
  const url = 'http://127.0.0.1:1/secret-path/';
  const close = await openInBrowser(url);
  const line = await vi.waitFor(() => readFile(seen, 'utf8'), 20_000);
  vi.unstubAllEnvs();
  expect(line).not.toContain('secret-path');
  const file = line.trim();
  expect(await readFile(file, 'utf8')).toContain(`url=${url}`);
  expect((await stat(file)).mode & 0o077).toBe(0);
  expect((await stat(dirname(file))).mode & 0o077).toBe(0);
  await close();
  await expect(stat(file)).rejects.toThrow(/ENOENT/);
});

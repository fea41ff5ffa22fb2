import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { IMAGE } from '../../scripts/image/description.ts';
import { PRODUCT_IMAGE, writeProductImage } from './image/product-image.ts';
import { run } from './parts/command.ts';
import { nodeObstacles } from './parts/preconditions.ts';

const manifest = z.tuple([
  z.object({ Config: z.string(), RepoTags: z.array(z.string()), Layers: z.array(z.string()) }),
]);
const obstacles = await nodeObstacles();

/* test/unit/deploy/image.test.ts holds the Dockerfile against the same description. */
describe.skipIf(obstacles.length > 0)('the archive that the nodes get', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-'));
    await writeProductImage(join(folder, 'image.tar'), inject('productLayer'));
    await run(['tar', '-C', folder, '-xf', join(folder, 'image.tar')]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const read = async (name: string): Promise<unknown> =>
    JSON.parse(await readFile(join(folder, name), 'utf8'));
  const contents = async () => {
    const [{ Layers }] = manifest.parse(await read('manifest.json'));
    const lists = Layers.map((layer) => run(['tar', '-tvf', join(folder, layer)]));
    return (await Promise.all(lists)).map((list) => list.trim().split('\n'));
  };

  test('is run as the Dockerfile’s image is', async () => {
    const [{ Config, RepoTags }] = manifest.parse(await read('manifest.json'));
    expect(RepoTags).toEqual([PRODUCT_IMAGE]);
    expect(await read(Config)).toMatchObject({
      config: {
        User: IMAGE.user,
        WorkingDir: IMAGE.workingDirectory,
        Entrypoint: IMAGE.entrypoint,
        Cmd: IMAGE.command,
        Env: [expect.stringMatching(/^PATH=/)],
      },
    });
  });

  test('has the described files, root’s and with their permissions, over what the base brings', async () => {
    const [base = [], product = []] = await contents();
    const files = product.filter((line) => line.startsWith('-')).map((line) => line.split(/\s+/));
    const permissions = new Map<number, string>([
      [0o644, '-rw-r--r--'],
      [0o755, '-rwxr-xr-x'],
    ]);
    const found = files.map(([mode, owner, , , , path]) => ({ mode, owner, path }));
    expect(found).toEqual(
      IMAGE.files.map(({ path, mode }) => ({
        mode: permissions.get(mode),
        owner: '0/0',
        path: `.${path}`,
      })),
    );
    for (const path of ['bin/sh -> busybox', 'usr/local/bin/node', 'sbin/ip']) {
      expect(
        base.some((line) => line.endsWith(`/${path}`)),
        path,
      ).toBe(true);
    }
  });
});

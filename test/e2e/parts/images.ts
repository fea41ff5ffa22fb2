import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupDirectory, makeOnce } from './cache.ts';
import { run } from './command.ts';
import { makeLayer, writeDockerArchive } from './docker-archive.ts';

const BUSYBOX = '/bin/busybox';
/** Of an own domain: nothing is ever pulled from it. Tags other than `latest` need no pull either. */
export const PAUSE_IMAGE = 'multus-eni-reconciler.local/pause:1';
export const APP_IMAGE = 'multus-eni-reconciler.local/app:1';

/** As long as a 32-bit busybox lets it. */
const PAUSE = ['/bin/sleep', '2147483647'];

/** Where the images are, or will be. */
export function imagesArchive(): string {
  const programs = ['images.ts', 'docker-archive.ts'].map((name) =>
    join(import.meta.dirname, name),
  );
  return join(groupDirectory('images', [BUSYBOX, ...programs]), 'images.tar');
}

export function hasImages(): boolean {
  return existsSync(BUSYBOX) && existsSync(imagesArchive());
}

/**
 * The images of the nodes' pods, made without a container engine: one layer with busybox, and
 * `bash` as the walkthrough's pods call it.
 */
export async function getImages(): Promise<string> {
  const archive = imagesArchive();
  await makeOnce(archive, async (partial) => {
    const scratch = await mkdtemp(join(tmpdir(), 'images-'));
    try {
      await makeArchive(scratch, partial);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return archive;
}

async function makeArchive(scratch: string, target: string): Promise<void> {
  const root = join(scratch, 'root');
  await makeRoot(root);
  const layer = join(scratch, 'layer.tar');
  await makeLayer(root, layer);
  const image = (tag: string, command: readonly string[]) => ({
    tag,
    config: { Cmd: command, Env: ['PATH=/bin'] },
    layers: [layer],
  });
  await writeDockerArchive(target, [image(PAUSE_IMAGE, PAUSE), image(APP_IMAGE, ['/bin/sh'])]);
}

async function makeRoot(root: string): Promise<void> {
  for (const directory of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp']) {
    await mkdir(join(root, directory), { recursive: true });
  }
  await chmod(join(root, 'tmp'), 0o1777);
  await copyFile(BUSYBOX, join(root, 'bin', 'busybox'));
  const applets = (await run([BUSYBOX, '--list'])).trim().split('\n');
  for (const applet of applets.filter((each) => !/^(busybox|bash)$/.test(each))) {
    await symlink('busybox', join(root, 'bin', applet));
  }
  await writeFile(join(root, 'bin', 'bash'), '#!/bin/sh\nexec /bin/sh "$@"\n', { mode: 0o755 });
  await writeFile(join(root, 'etc', 'passwd'), 'root:x:0:0::/:/bin/sh\n');
}

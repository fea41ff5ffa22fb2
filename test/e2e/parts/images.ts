import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupDirectory, makeOnce } from './cache.ts';
import { run } from './command.ts';

const BUSYBOX = '/bin/busybox';
/** Of an own domain: nothing is ever pulled from it. Tags other than `latest` need no pull either. */
export const PAUSE_IMAGE = 'multus-eni-reconciler.local/pause:1';
export const APP_IMAGE = 'multus-eni-reconciler.local/app:1';

/** An archive for `ctr images import`, in the format of `docker save`. */
export interface Image {
  readonly tag: string;
  readonly command: readonly string[];
}

const IMAGES: readonly Image[] = [
  // As long as a 32-bit busybox lets it.
  { tag: PAUSE_IMAGE, command: ['/bin/sleep', '2147483647'] },
  { tag: APP_IMAGE, command: ['/bin/sh'] },
];

/** Where the images are, or will be. */
export function imagesArchive(): string {
  return join(
    groupDirectory('images', [BUSYBOX, join(import.meta.dirname, 'images.ts')]),
    'images.tar',
  );
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

/** The same input gives the same archive, byte for byte. */
const TAR = ['tar', '--sort=name', '--numeric-owner', '--owner=0', '--group=0', '--mtime=@0'];

async function makeArchive(scratch: string, target: string): Promise<void> {
  const root = join(scratch, 'root');
  await makeRoot(root);
  const files = join(scratch, 'files');
  await mkdir(files);
  await run([...TAR, '-C', root, '-cf', join(files, 'layer.tar'), '.']);
  const layer = sha256(await readFile(join(files, 'layer.tar')));
  const manifest: object[] = [];
  for (const { tag, command } of IMAGES) {
    const config = JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config: { Cmd: command, Env: ['PATH=/bin'] },
      rootfs: { type: 'layers', diff_ids: [`sha256:${layer}`] },
      history: [{ created: '1970-01-01T00:00:00Z', created_by: 'busybox' }],
    });
    const name = `${sha256(config)}.json`;
    await writeFile(join(files, name), config);
    manifest.push({ Config: name, RepoTags: [tag], Layers: ['layer.tar'] });
  }
  await writeFile(join(files, 'manifest.json'), JSON.stringify(manifest));
  await run([...TAR, '-C', files, '-cf', target, '.']);
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

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

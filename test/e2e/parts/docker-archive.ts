import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from './command.ts';

/** How containers of an image run, in the words of the OCI image specification's `config`. */
export interface ImageConfig {
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Entrypoint?: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
}

export interface Image {
  readonly tag: string;
  readonly config: ImageConfig;
  /** The paths of tar files, the lowest first. */
  readonly layers: readonly string[];
}

/** The same input gives the same archive, byte for byte. */
const TAR = ['tar', '--sort=name', '--numeric-owner', '--owner=0', '--group=0', '--mtime=@0'];

/** Packs a folder, as root's, into a tar file: a layer. */
export async function makeLayer(folder: string, target: string): Promise<void> {
  await run([...TAR, '-C', folder, '-cf', target, '.']);
}

/** Writes an archive of images for `ctr images import`, in the format of `docker save`. */
export async function writeDockerArchive(target: string, images: readonly Image[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'docker-archive-'));
  try {
    const manifest: object[] = [];
    for (const image of images) manifest.push(await addImage(folder, image));
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    await run([...TAR, '--dereference', '-C', folder, '-cf', target, '.']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns what the manifest says of it. */
async function addImage(folder: string, { tag, config, layers }: Image): Promise<object> {
  const hashes = await Promise.all(layers.map((layer) => addLayer(folder, layer)));
  const described = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: hashes.map((hash) => `sha256:${hash}`) },
    history: layers.map(() => ({ created: '1970-01-01T00:00:00Z' })),
  });
  const name = `${createHash('sha256').update(described).digest('hex')}.json`;
  await writeFile(join(folder, name), described);
  return { Config: name, RepoTags: [tag], Layers: hashes.map((hash) => `${hash}.tar`) };
}

/** @returns its hash; images may share it. */
async function addLayer(folder: string, layer: string): Promise<string> {
  const hash = await sha256OfFile(layer);
  const path = join(folder, `${hash}.tar`);
  if (!existsSync(path)) await symlink(layer, path);
  return hash;
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

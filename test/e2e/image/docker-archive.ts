import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { run } from '../parts/command.ts';

/** How containers of an image run, in the words of the OCI image specification's `config`. */
export interface ImageConfig {
  readonly User: string;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly Env: readonly string[];
}

/** The same input gives the same archive, byte for byte. */
const TAR = ['tar', '--sort=name', '--numeric-owner', '--owner=0', '--group=0', '--mtime=@0'];

/** Packs a folder, as root's, into a tar file: a layer. */
export async function makeLayer(folder: string, target: string): Promise<void> {
  await run([...TAR, '-C', folder, '-cf', target, '.']);
}

/**
 * Writes an archive of one image for `ctr images import`, in the format of `docker save`.
 *
 * @param layers the paths of tar files, the lowest first.
 */
export async function writeDockerArchive(
  target: string,
  image: {
    readonly tag: string;
    readonly config: ImageConfig;
    readonly layers: readonly string[];
  },
): Promise<void> {
  const { tag, config, layers } = image;
  const folder = await mkdtemp(join(tmpdir(), 'docker-archive-'));
  try {
    const hashes = await Promise.all(layers.map(sha256OfFile));
    const names = layers.map((_, index) => `layer-${index}.tar`);
    for (const [index, layer] of layers.entries()) {
      await symlink(layer, join(folder, names[index] ?? ''));
    }
    const described = JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: hashes.map((hash) => `sha256:${hash}`) },
      history: layers.map(() => ({ created: '1970-01-01T00:00:00Z' })),
    });
    const name = `${createHash('sha256').update(described).digest('hex')}.json`;
    await writeFile(join(folder, name), described);
    const manifest = [{ Config: name, RepoTags: [tag], Layers: names }];
    await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
    await run([...TAR, '--dereference', '-C', folder, '-cf', target, '.']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

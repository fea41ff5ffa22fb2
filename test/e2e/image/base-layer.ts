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
import { dirname, join, resolve } from 'node:path';
import * as z from 'zod';
import { IMAGE } from '../../../scripts/image/description.ts';
import { groupDirectory, makeOnce } from '../parts/cache.ts';
import { run } from '../parts/command.ts';
import { makeLayer } from '../parts/docker-archive.ts';
import { programPath } from '../parts/preconditions.ts';

const MODULES = resolve(import.meta.dirname, '../../../node_modules');
const NODE = join(MODULES, 'node/bin/node');
const BUSYBOX = '/bin/busybox';

/** The program that a package of the distribution is installed for, by the package's name. */
const PROGRAMS: Readonly<Record<(typeof IMAGE.packages)[number], string>> = {
  iproute2: 'ip',
  'iputils-ping': 'ping',
};

/**
 * What the Dockerfile's base image and its packages bring, as one layer made of this machine's
 * files: Node 24 as the tests have it, a shell, the packages' programs, and the libraries that all
 * of them are linked with. Made once.
 *
 * @returns the path of the layer.
 */
export async function baseLayer(): Promise<string> {
  const version = z.object({ version: z.string() });
  const node = version.parse(
    JSON.parse(await readFile(join(MODULES, 'node/package.json'), 'utf8')),
  );
  const programs = await Promise.all(IMAGE.packages.map((name) => found(PROGRAMS[name])));
  const self = join(import.meta.dirname, 'base-layer.ts');
  const folder = groupDirectory('image', [self, BUSYBOX, ...programs], node.version);
  const layer = join(folder, 'base.tar');
  await makeOnce(layer, async (partial) => {
    const root = await mkdtemp(join(tmpdir(), 'base-layer-'));
    try {
      await fill(root, programs);
      await makeLayer(root, partial);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
  return layer;
}

async function found(program: string): Promise<string> {
  const path = await programPath(program);
  if (path === undefined) throw new Error(`there is no ${program} on this machine`);
  return path;
}

async function fill(root: string, programs: readonly string[]): Promise<void> {
  // mkdtemp's are for their owner alone, and a layer's root is the image's.
  await chmod(root, 0o755);
  for (const name of ['dev', 'proc', 'sys', 'etc', 'tmp']) await mkdir(join(root, name));
  await chmod(join(root, 'tmp'), 0o1777);
  await install(root, NODE, '/usr/local/bin/node');
  await install(root, BUSYBOX, '/bin/busybox');
  await symlink('busybox', join(root, 'bin/sh'));
  for (const program of programs) await install(root, program, program);
  for (const library of await libraries([NODE, ...programs])) await install(root, library, library);
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n');
}

async function install(root: string, from: string, path: string): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(from, target);
  await chmod(target, 0o755);
}

/** The paths of the shared libraries of programs, and of what loads them. */
async function libraries(programs: readonly string[]): Promise<Set<string>> {
  const said = await Promise.all(programs.map((program) => run(['ldd', program])));
  return new Set(said.flatMap((text) => text.match(/\/\S+(?= \(0x)/g) ?? []));
}

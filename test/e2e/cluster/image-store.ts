import { copyFile, glob, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { run as runCommand } from '../parts/command.ts';
import { program } from '../parts/programs.ts';
import { succeeds } from './base.ts';
import { hostMachine } from './machine.ts';
import { until } from './processes.ts';
import { beginRun } from './run.ts';

/** The root folder of a containerd that has images. */
export interface ImageStore {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Has a containerd of its own import images: a node that begins with its root folder has them
 * without unpacking them itself, which takes seconds.
 *
 * @param archives as `docker save` writes them.
 */
export async function makeImageStore(archives: readonly string[]): Promise<ImageStore> {
  const run = await beginRun();
  try {
    const machine = hostMachine(run);
    const path = join(run.directory, 'store');
    const at = ['--address', join(run.directory, 'containerd.sock')];
    const folders = ['--root', path, '--state', join(run.directory, 'state')];
    await mkdir(path);
    const daemon = machine.start('containerd', [program('containerd'), ...folders, ...at]);
    const answers = () => succeeds(machine.run([program('ctr'), ...at, 'version']));
    await until(answers, 'containerd to answer');
    for (const archive of archives) await machine.run(importImages(archive, at));
    await daemon.kill();
    return { path, remove: run.end };
  } catch (error) {
    await run.end();
    throw error;
  }
}

/** The command by which a containerd takes the images of an archive for the kubelet's. */
export function importImages(archive: string, flags: readonly string[] = []): string[] {
  return [program('ctr'), ...flags, '--namespace=k8s.io', 'images', 'import', archive];
}

/**
 * Gives a node that was never booted the images of a store. The files of images are never written
 * again, so nodes share them; containerd's databases are each node's own.
 */
export async function copyStore(store: string, target: string): Promise<void> {
  await runCommand(['cp', '--archive', '--link', store, target]);
  for await (const database of glob(join(target, '**/*.db'))) {
    await copyFile(database, `${database}.own`);
    await rename(`${database}.own`, database);
  }
}

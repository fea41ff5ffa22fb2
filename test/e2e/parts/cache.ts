import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where everything that is fetched or built is kept (XDG Base Directory Specification). */
export function cacheDirectory(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(base, 'multus-eni-reconciler');
}

/**
 * The folder of a group of parts. Its name has a hash of the files that decide what is in it (and
 * of `also`), so that another version is another folder.
 */
export function groupDirectory(group: string, files: readonly string[], also = ''): string {
  const hash = createHash('sha256').update(also);
  for (const file of files) hash.update(readFileSync(file));
  return join(cacheDirectory(), 'parts', `${group}-${hash.digest('hex').slice(0, 12)}`);
}

/**
 * Makes `target` unless it is there: `make` writes to another place, which takes its name only when
 * it is whole, so that an interrupted build leaves nothing that looks done.
 */
export async function makeOnce(
  target: string,
  make: (partial: string) => Promise<void>,
): Promise<void> {
  if (existsSync(target)) return;
  const partial = `${target}.${process.pid}.partial`;
  await mkdir(dirname(target), { recursive: true });
  await rm(partial, { recursive: true, force: true });
  try {
    await make(partial);
    await rename(partial, target);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

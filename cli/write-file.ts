import { randomBytes } from 'node:crypto';
import { lstat, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BadInput } from './failure.ts';

/**
 * Writes a file for its owner alone. An older file of that name is replaced as a whole, so that nothing of
 * its mode is left. A link is not followed: whoever may write to the folder could have it lead elsewhere.
 *
 * @throws BadInput if it cannot be written, or if a link or anything but a file has that name.
 */
export async function writePrivately(file: string, contents: string | Buffer): Promise<void> {
  const beside = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    const there = await lstat(file).catch(unlessMissing);
    if (there?.isSymbolicLink()) throw new Error('is a link: name the file itself, or another one');
    if (there && !there.isFile()) throw new Error('is there, and is no file');
    // `wx`: what is made is new, and no link.
    await writeFile(beside, contents, { mode: 0o600, flag: 'wx' });
    // A rename replaces what has the name, and follows no link (POSIX, rename()).
    await rename(beside, file);
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined);
    const said = error instanceof Error ? error.message : String(error);
    throw new BadInput(`${file}: ${said}`, { cause: error });
  }
}

function unlessMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
  throw error;
}

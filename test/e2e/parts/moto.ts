import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { groupDirectory } from './cache.ts';
import { run } from './command.ts';

const REQUIREMENTS = join(import.meta.dirname, 'moto', 'requirements.txt');

export interface Moto {
  /** The program `moto_server`. */
  readonly server: string;
}

/** Where moto's virtual environment is, or will be. */
function motoDirectory(): string {
  return groupDirectory('moto', [REQUIREMENTS]);
}

/** Whether `getMoto` has nothing to do. */
export function hasMoto(): boolean {
  return existsSync(marker());
}

/**
 * moto (https://docs.getmoto.org), someone else's AWS, in a Python virtual environment: from the
 * cache, or installed there with the versions of requirements.txt (half a minute).
 */
export async function getMoto(onLine?: (line: string) => void): Promise<Moto> {
  const directory = motoDirectory();
  const server = join(directory, 'bin', 'moto_server');
  if (hasMoto()) return { server };
  // A virtual environment can't be moved, so it is whole when the marker is there.
  await rm(directory, { recursive: true, force: true });
  await run(['python3', '-m', 'venv', directory], { onLine });
  const pip = [join(directory, 'bin', 'pip'), '--disable-pip-version-check', 'install', '--quiet'];
  await run([...pip, '--requirement', REQUIREMENTS], { onLine });
  await writeFile(marker(), '');
  return { server };
}

function marker(): string {
  return join(motoDirectory(), 'complete');
}

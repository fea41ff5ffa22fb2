import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { BUNDLING } from './bundle.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** What runs in the cluster, from the image; the functions run in Lambda. */
export const PROGRAMS = ['forwarder', 'ip-manager'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

/**
 * Bundles a program and all that it imports into `<folder>/<name>.js`, CommonJS as the functions'.
 *
 * @returns the file's path.
 * @throws esbuild's BuildFailure, which names the file and line.
 */
export async function bundleProgram(name: ProgramName, folder: string): Promise<string> {
  const outfile = join(folder, `${name}.js`);
  await build({ ...BUNDLING, entryPoints: [join(ROOT, name, 'main.ts')], outfile });
  return outfile;
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, type Metafile } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');

export const FUNCTIONS = ['reconcile', 'sweep'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export interface Bundle {
  readonly name: FunctionName;
  /** Holds index.js, which exports `handler`, and the package.json that makes it CommonJS. */
  readonly folder: string;
  readonly metafile: Metafile;
}

/**
 * Bundles the handler of a function and all that it imports into one file, the AWS
 * SDK included: the runtime's own changes without notice. It is CommonJS, which
 * `serverless invoke local` can load.
 *
 * @throws esbuild's BuildFailure, which names the file and line.
 */
export async function bundleFunction(
  name: FunctionName,
  outputFolder: string = join(ROOT, '.build'),
): Promise<Bundle> {
  const folder = join(outputFolder, name);
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, 'functions', name, 'handler.ts')],
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Only ES modules can be shaken; the packages' own order would take CommonJS first.
    mainFields: ['module', 'main'],
    minify: true,
    // Names of functions and classes are read in stack traces, and by the SDK's errors.
    keepNames: true,
    sourcemap: 'external',
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  return { name, folder, metafile };
}

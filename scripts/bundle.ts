import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { awsSchemas } from './esbuild-aws-schemas.ts';
import { onLambda } from './esbuild-lambda.ts';

const ROOT = resolve(import.meta.dirname, '..');

export const FUNCTIONS = ['reconcile', 'sweep'] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

export interface Bundle {
  readonly name: FunctionName;
  /**
   * Holds index.js, which exports `handler`, its source map, and the package.json that makes it
   * CommonJS.
   */
  readonly folder: string;
  readonly metafile: Metafile;
}

/**
 * How what runs in Lambda is bundled: with all that it imports, the AWS SDK included, since the
 * runtime's own changes without notice; and as CommonJS, which `serverless invoke local` can load.
 * Splitting it into ES modules would save another 6 ms of a cold start.
 */
export const BUNDLING = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  // As `require`: a native import() of a module of Node's evaluates all that it exports, of node:http
  // also an HTTP client of 20 ms that nobody uses.
  supported: { 'dynamic-import': false },
  // Only ES modules can be shaken; the packages' own order would take CommonJS first.
  mainFields: ['module', 'main'],
  plugins: [awsSchemas],
  minifySyntax: true,
  minifyWhitespace: true,
  // Short identifiers would be no faster to load, and a stack trace in a log could not be read:
  // `keepNames` brings the names back at the cost of 7 ms of every cold start. Lines and columns of
  // the source need NODE_OPTIONS=--enable-source-maps, which is left to whoever looks for a fault: it
  // costs 20 ms of every cold start, and more at the first error.
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Bundles the handler of a function and all that it imports into one file.
 *
 * @throws esbuild's BuildFailure, which names the file and line.
 */
export async function bundleFunction(
  name: FunctionName,
  outputFolder: string = join(ROOT, '.build'),
): Promise<Bundle> {
  const folder = join(outputFolder, name);
  const { metafile } = await build({
    ...BUNDLING,
    plugins: [onLambda, awsSchemas],
    entryPoints: [join(ROOT, 'functions', name, 'handler.ts')],
    outfile: join(folder, 'index.js'),
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  return { name, folder, metafile };
}

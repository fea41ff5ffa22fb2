import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { writeArtifacts } from '../scripts/artifacts.ts';
import { BUNDLING, type FunctionName } from '../scripts/bundle.ts';
import { zip } from '../scripts/zip.ts';

const ROOT = resolve(import.meta.dirname, '..');
const PLAIN_CALLS = join(import.meta.dirname, 'cold-plain-calls.ts');

/** A bundle to be loaded, and what it weighs. */
export interface BuiltBundle {
  readonly file: string;
  readonly bundleBytes: number;
  readonly zipBytes: number;
}

export interface FunctionBundles {
  readonly name: FunctionName;
  readonly shipped: BuiltBundle;
  /** The same code as most would write it, through esbuild alone: see `asUsual`. */
  readonly naive: BuiltBundle;
}

/** Bundles every function twice into `folder`: as it is deployed, and naively. */
export async function buildBundles(folder: string): Promise<readonly FunctionBundles[]> {
  const artifacts = await writeArtifacts(folder);
  return Promise.all(
    artifacts.map(async ({ name, folder: shipped, bundleBytes, zipBytes }) => ({
      name,
      shipped: { file: join(shipped, 'index.js'), bundleBytes, zipBytes },
      naive: await bundleNaively(name, join(folder, 'naive', name)),
    })),
  );
}

async function bundleNaively(name: FunctionName, folder: string): Promise<BuiltBundle> {
  const file = join(folder, 'index.js');
  await build({
    ...BUNDLING,
    plugins: [asUsual],
    entryPoints: [join(ROOT, 'functions', name, 'handler.ts')],
    outfile: file,
  });
  const bundle = await readFile(file);
  const archive = zip({ 'index.js': bundle, 'index.js.map': await readFile(`${file}.map`) });
  return { file, bundleBytes: bundle.length, zipBytes: archive.length };
}

/** Imports as the packages' own guides show them: the Kubernetes client as a whole, and `{ z }`. */
const asUsual: Plugin = {
  name: 'as-usual',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^\.\/(calls|authenticated-transport)\.ts$/ }, ({ resolveDir }) =>
      resolveDir === join(ROOT, 'shared/cluster') ? { path: PLAIN_CALLS } : undefined,
    );
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replace("import * as z from 'zod';", "import { z } from 'zod';");
      return { contents, loader: 'ts' };
    });
  },
};

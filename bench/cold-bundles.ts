import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { BUNDLING, bundleFunction, FUNCTIONS, type FunctionName } from '../scripts/bundle.ts';
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
  /** The same code through esbuild alone, with the Kubernetes client as a whole. */
  readonly naive: BuiltBundle;
}

/** Bundles every function twice into `folder`. */
export async function buildBundles(folder: string): Promise<readonly FunctionBundles[]> {
  return Promise.all(
    FUNCTIONS.map(async (name) => {
      const bundled = await bundleFunction(name, join(folder, 'shipped'));
      const naive = join(folder, 'naive', name);
      await build({
        ...BUNDLING,
        plugins: [wholeKubernetesClient],
        entryPoints: [join(ROOT, 'functions', name, 'handler.ts')],
        outfile: join(naive, 'index.js'),
      });
      return { name, shipped: await weigh(bundled.folder), naive: await weigh(naive) };
    }),
  );
}

const wholeKubernetesClient: Plugin = {
  name: 'whole-kubernetes-client',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/calls\.ts$/ }, ({ resolveDir }) =>
      resolveDir === join(ROOT, 'shared/cluster') ? { path: PLAIN_CALLS } : undefined,
    );
  },
};

async function weigh(folder: string): Promise<BuiltBundle> {
  const file = join(folder, 'index.js');
  const bundle = await readFile(file);
  const sourceMap = await readFile(`${file}.map`);
  const archive = zip({ 'index.js': bundle, 'index.js.map': sourceMap });
  return { file, bundleBytes: bundle.length, zipBytes: archive.length };
}

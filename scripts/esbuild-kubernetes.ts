import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Plugin } from 'esbuild';

/** The one module of this project that calls the client. */
const CALLS = join(import.meta.dirname, '../shared/cluster/calls.ts');
const GENERATED = ['@kubernetes', 'client-node', 'dist', 'gen'].join(`\\${sep}`);

/**
 * Stands in for the client's serializer, which knows all 700 types of the Kubernetes API and takes
 * longer to load than all else of the client. What is sent here is plain JSON under the API's own
 * names, and what is answered is read by this project's schemas.
 */
const SERIALIZER = `export const ObjectSerializer = {
  serialize: (data) => data,
  stringify: (data) => JSON.stringify(data),
  getPreferredMediaType: () => 'application/json',
};`;

/** Leaves out of the Kubernetes client what shared/cluster does not use. */
export const kubernetesClient: Plugin = {
  name: 'kubernetes-client',
  setup(build) {
    build.onLoad({ filter: new RegExp(`${GENERATED}.*ObjectSerializer\\.js$`) }, () => ({
      contents: SERIALIZER,
    }));
    // esbuild drops functions that are not called, but no methods: CoreV1Api has 400.
    build.onLoad({ filter: new RegExp(`${GENERATED}.*Api\\.js$`) }, async ({ path }) => ({
      contents: withMethods(await readFile(path, 'utf8'), await readFile(CALLS, 'utf8')),
      watchFiles: [CALLS],
    }));
    // The client's own HTTP library imports it; shared/cluster/http.ts takes the place of both.
    build.onResolve({ filter: /^undici$/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === kubernetesClient) return undefined;
      const found = await build.resolve(path, { ...from, pluginData: kubernetesClient });
      return { ...found, sideEffects: false };
    });
  },
};

/** A module of generated request factories with only those methods that `caller` calls by name. */
export function withMethods(source: string, caller: string): string {
  const called = new Set([...caller.matchAll(/\.(\w+)\(/g)].map(([, name]) => name));
  return source.replaceAll(/^ {4}async (\w+)\(.*?^ {4}\}\n/gms, (method, name: string) =>
    called.has(name) ? method : '',
  );
}

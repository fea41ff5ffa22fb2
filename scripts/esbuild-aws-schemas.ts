import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * Lets esbuild drop the schemas of the AWS operations that are not called. Where a schema has a
 * computed key, `{ [_eQN]: … }`, esbuild cannot know that making it has no side effect and keeps it,
 * and with it all that it names: of EC2's, almost all. The keys are constants of the same module,
 * so their values are written in their place.
 */
export const awsSchemas: Plugin = {
  name: 'aws-schemas',
  setup(build) {
    build.onLoad({ filter: /[\\/]schemas[\\/]schemas_\d+\.js$/ }, async ({ path }) => ({
      contents: withoutComputedKeys(await readFile(path, 'utf8')),
    }));
  },
};

/** The same module, with every computed key that is a constant text of it written out. */
export function withoutComputedKeys(source: string): string {
  const constants = new Map(
    [...source.matchAll(/^const (\w+) = ("[^"\\]*");$/gm)].map(([, name, text]) => [name, text]),
  );
  return source.replaceAll(/\[(\w+)\]:/g, (computed, name: string) => {
    const text = constants.get(name);
    return text === undefined ? computed : `${text}:`;
  });
}

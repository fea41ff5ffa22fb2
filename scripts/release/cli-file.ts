import { chmod, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { type ConsolePage, consolePage } from '../../console/build.ts';
import { awsSchemas } from '../esbuild-aws-schemas.ts';

/**
 * Of a kubeconfig's ways to send requests, only Node's own agents are used
 * (shared/cluster/authenticated-transport.ts): undici is a sixth of the bundle, and none of it runs.
 */
const withoutUndici: Plugin = {
  name: 'without-undici',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'left-out' }));
    build.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents:
        'export class Agent {}\nexport class ProxyAgent {}\nexport const fetch = globalThis.fetch;\n',
    }));
  },
};

/** The map's page as it is built here: where the program runs there is neither its source nor esbuild. */
const builtPage = (page: ConsolePage): Plugin => ({
  name: 'built-page',
  setup(build) {
    build.onLoad({ filter: /\/console\/build\.ts$/ }, () => ({
      contents: `export const consolePage = async () => (${JSON.stringify(page)});\n`,
    }));
  },
});

/**
 * Bundles the program and all that it imports into one file.
 *
 * @throws esbuild's BuildFailure.
 */
export async function bundleCli(root: string, outfile: string): Promise<void> {
  const page = await consolePage();
  const lazy = new Set<string>();
  const start = await bundled(root, {
    entryPoints: [join(root, 'cli/main.ts')],
    plugins: [importedLater(root, lazy)],
  });
  const commands = await bundled(root, {
    stdin: { contents: entryOf([...lazy].toSorted()), resolveDir: root },
    plugins: [awsSchemas, withoutUndici, builtPage(page)],
  });
  await writeFile(outfile, `${HEAD}\n${start}${MARK}\n${asComments(commands)}`);
  await chmod(outfile, 0o755);
}

/*
 * The file begins with what `--help` needs. What commands need is far more, and would be compiled at
 * each start, most of the time that `--help` takes. So it stands below, in comments, which are passed
 * over ten times as fast, and is compiled once a command runs.
 */
const MARK = '// What commands need, read by __commands above:';

/** A small nursery: pages of pods are garbage at once, and 10,000 pods would take half as much again. */
const HEAD = `#!/usr/bin/env -S node --max-semi-space-size=2
let __loaded;
function __commands(name) {
  if (__loaded === undefined) {
    const lines = require('node:fs').readFileSync(__filename, 'latin1').split('\\n');
    const lineOffset = lines.indexOf(${JSON.stringify(MARK)}) + 1;
    const text = lines.slice(lineOffset).map((line) => line.slice(2)).join('\\n');
    const names = ['exports', 'require', 'module', '__filename', '__dirname'];
    const options = { filename: __filename, lineOffset };
    const compiled = require('node:vm').compileFunction(text, names, options);
    const made = { exports: {} };
    compiled(made.exports, require, made, __filename, __dirname);
    __loaded = made.exports;
  }
  return __loaded[name]();
}`;

function asComments(text: string): string {
  // Any other end of a line would end the comment, too.
  if (/[\r\u0080-\uffff]/.test(text)) throw new Error('the bundle has more than plain ASCII');
  return text.trimEnd().replaceAll(/^/gm, '//').concat('\n');
}

/** Leaves out what is imported by `import()`, and has it come from below. */
function importedLater(root: string, lazy: Set<string>): Plugin {
  return {
    name: 'imported-later',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
        if (kind !== 'dynamic-import') return undefined;
        return { path: relative(root, join(resolveDir, path)), namespace: 'later' };
      });
      build.onLoad({ filter: /.*/, namespace: 'later' }, ({ path }) => {
        lazy.add(path);
        return { contents: `module.exports = __commands(${JSON.stringify(path)});` };
      });
    },
  };
}

/** Each of the modules by its path, evaluated when it is asked for. */
function entryOf(paths: readonly string[]): string {
  const modules = paths.map((path) => {
    const name = JSON.stringify(path);
    return `${name}: () => require(${JSON.stringify(`./${path}`)})`;
  });
  return `module.exports = { ${modules.join(', ')} };`;
}

async function bundled(root: string, more: BuildOptions): Promise<string> {
  const { outputFiles: [file] = [] } = await build({
    absWorkingDir: root,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    // Not as an ES module: it would load all of Node's modules that any command needs at its start.
    format: 'cjs',
    supported: { 'dynamic-import': false },
    mainFields: ['module', 'main'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...more,
  });
  return file?.text ?? '';
}

import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A function of the product, and what a defect makes of it. It goes by its name wherever it is, so
 * that what moves or is worded anew stays planted.
 */
export interface Replaced {
  readonly name: string;
  /** What its module also declares, where the name alone is not clear. */
  readonly beside?: string;
  /** An expression: a function that is called in its place, with the original and what it was given. */
  readonly by: string;
}

/** A defect that somebody could bring in, and that a run has to find. */
export interface Defect {
  readonly name: string;
  readonly replaced: readonly Replaced[];
  /** The narrow tests that have to find it, by the end of their paths; the harness has to where there are none. */
  readonly tests?: readonly string[];
  /** The harness's points that are enough, as `--only` takes them: it shows at few. */
  readonly only?: string;
}

/** Where the product's functions are. */
const ROOMS = 'shared,functions,forwarder,ip-manager,cli';

/**
 * Finds the function in the product under `root`. @throws where there is not exactly one.
 *
 * @returns the path of its file, and the file's text.
 */
export function findFunction(root: string, { name, beside = name }: Replaced) {
  const found = globSync(`{${ROOMS}}/**/*.ts`, { cwd: root })
    .map((path) => ({ path: join(root, path), text: readFileSync(join(root, path), 'utf8') }))
    .filter(({ text }) => functionOf(name).test(text) && declarationOf(beside).test(text));
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const where = found.map(({ path }) => path).join(', ') || 'none';
  throw new Error(
    `one module has to declare the function ${name}, and ${beside}, and these do: ${where}. Adapt the defect to the product`,
  );
}

/** Replaces a function of the product under `root`. @returns what takes it back. */
export function plant(root: string, replaced: Replaced): () => void {
  const { path, text } = findFunction(root, replaced);
  const { name, by } = replaced;
  const original = `${name}$original`;
  const [, exported = ''] = functionOf(name).exec(text) ?? [];
  const renamed = text.replace(
    functionOf(name),
    (_all, _exported, asynchronous = '') => `${asynchronous}function ${original}`,
  );
  const defect = `${exported}function ${name}(...given) {\n  return (${by})(${original}, ...given);\n}\n`;
  writeFileSync(path, `${renamed}\n${defect}`);
  return () => writeFileSync(path, text);
}

function functionOf(name: string): RegExp {
  return new RegExp(`^(export )?(async )?function ${name}\\b`, 'm');
}

function declarationOf(name: string): RegExp {
  return new RegExp(`^(export )?(async )?(function|class|const) ${name}\\b`, 'm');
}

/** The path of the one test that ends so. @throws where there is not exactly one. */
export function findTest(root: string, end: string): string {
  const [path, ...others] = globSync(`test/**/${end}`, { cwd: root });
  if (path !== undefined && others.length === 0) return path;
  const found = [path, ...others].filter((each) => each !== undefined).join(', ') || 'none';
  throw new Error(`the path of one test has to end in ${end}, and these do: ${found}`);
}

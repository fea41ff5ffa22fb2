import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { type StageSettings, stageFile } from './schema.ts';

/** What is wrong with a stage's configuration; a line of the message per mistake. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Reads and checks `config/<stage>.yml`.
 *
 * @param root the folder that holds `config/`.
 * @throws ConfigurationError which names file, line, column and path of each mistake, or the
 *   stages that there are.
 */
export function readStage(root: string, stage: string): StageSettings {
  const file = `config/${stage}.yml`;
  if (!existsSync(join(root, file))) {
    const known = existsSync(join(root, 'config')) ? stagesIn(join(root, 'config')) : [];
    throw new ConfigurationError(
      `stage ${stage} has no configuration: ${file} is missing. ` +
        `Stages that have one: ${known.join(', ') || 'none'}. Begin with a copy of config/example.yml.`,
    );
  }
  return parseStage(readFileSync(join(root, file), 'utf8'), file);
}

/** The stage that shows what a configuration looks like; it is packaged, and not deployed. */
export const EXAMPLE_STAGE = 'example';

/**
 * The stage that is meant if none is named: the only one that is configured.
 *
 * @param root the folder that holds `config/`.
 * @throws ConfigurationError if no stage is configured, or more than one.
 */
export function onlyStage(root: string): string {
  const stages = stagesIn(join(root, 'config')).filter((stage) => stage !== EXAMPLE_STAGE);
  const [only, ...more] = stages;
  if (only !== undefined && more.length === 0) return only;
  throw new ConfigurationError(
    `which stage? Name it with --stage. Configured in config/: ${stages.join(', ') || 'none'}`,
  );
}

function stagesIn(folder: string): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yml'));
  return files.map((name) => name.slice(0, -'.yml'.length)).toSorted();
}

/**
 * Checks the text of a stage's configuration.
 *
 * @param file how messages name it.
 * @throws ConfigurationError
 */
export function parseStage(text: string, file: string): StageSettings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ConfigurationError(
      document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message}`).join('\n'),
    );
  }
  const parsed = stageFile.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues
    .flatMap(mistakesOf)
    .map(({ path, message }) => ({
      path,
      message: path.length === 0 || document.hasIn(path) ? message : 'is missing',
    }))
    .map((mistake) => ({ ...mistake, offset: offsetOf(document.contents, mistake.path) }))
    .toSorted((a, b) => a.offset - b.offset);
  throw new ConfigurationError(
    mistakes
      .map(({ offset, path, message }) =>
        [at(offset), ...(path.length > 0 ? [pathText(path)] : []), message].join(': '),
      )
      .join('\n'),
  );
}

interface Mistake {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function mistakesOf(issue: z.core.$ZodIssue): Mistake[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown key' }));
}

/** The offset of the key of `path`, or of the innermost part of the path that is there. */
function offsetOf(contents: unknown, path: readonly PropertyKey[]): number {
  let node = contents;
  let offset = rangeStart(contents) ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (pair === undefined) return offset;
      offset = rangeStart(pair.key) ?? offset;
      node = pair.value;
    } else if (isNode(node) && 'items' in node && typeof key === 'number') {
      node = node.items[key];
      offset = rangeStart(node) ?? offset;
    } else return offset;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

/** `clusters[1].policy` */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key, index) =>
      typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${String(key)}`,
    )
    .join('');
}

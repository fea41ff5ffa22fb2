import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';

/* What a reader of the repository reads: comments, strings of several words, pages. */

const ROOT = resolve(import.meta.dirname, '../../..');

/** A paragraph, a list item, a cell of a table, a tag of a comment, or a string. */
export interface Text {
  readonly file: string;
  readonly line: number;
  readonly kind: 'comment' | 'string' | 'page';
  readonly text: string;
}

/** The first folder of a path; `.` for a file at the top. */
export function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '.';
}

const lineAt = (source: string, at: number): number => source.slice(0, at).split('\n').length;

/** Splits prose into blocks: at empty lines, list items, tags, headings and between the cells of a table. */
function blocks(prose: string): string[] {
  return prose
    .replaceAll(/^\s*(?:```|~~~)[\s\S]*?^\s*(?:```|~~~)/gm, '\n')
    .replaceAll(/<!--[\s\S]*?-->/g, '\n')
    .replaceAll(/`[^`\n]*`/g, 'code')
    .replaceAll(/^\s*\|.*$/gm, (row) => row.replaceAll('|', '\n\n'))
    .replaceAll(/\]\([^)\s]*\)/g, ']')
    .split(/\n\s*\n|\n(?=\s*(?:[-*•] |\d+\. |#+ |@\w+|>))|(?<=\n#+ .*)\n/)
    .map((block) => block.replaceAll(/\s+/g, ' ').trim())
    .filter((block) => /\w \S/.test(block));
}

interface Comment {
  readonly type: string;
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

/** Comments of a line each that follow each other are one. */
function together(
  source: string,
  comments: readonly Comment[],
): { value: string; start: number }[] {
  const joined: { value: string; start: number; end: number; type: string }[] = [];
  for (const { type, value, start, end } of comments) {
    const last = joined.at(-1);
    if (
      type === 'Line' &&
      last?.type === 'Line' &&
      /^\r?\n[ \t]*$/.test(source.slice(last.end, start))
    ) {
      last.value += `\n${value}`;
      last.end = end;
    } else {
      joined.push({ type, value: value.replaceAll(/^\s*\*+ ?/gm, ''), start, end });
    }
  }
  return joined;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

/** What a literal, a template or a sum of them says; `undefined` for other code. */
function said(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type === 'TemplateLiteral' && Array.isArray(node.quasis)) {
    return node.quasis.map(({ value }: { value: { cooked: string } }) => value.cooked).join('code');
  }
  if (node.type !== 'BinaryExpression' || node.operator !== '+') return undefined;
  const sides = [node.left, node.right].map((side) => (isNode(side) ? said(side) : undefined));
  if (sides.every((side) => side === undefined)) return undefined;
  return sides.map((side) => side ?? 'code').join('');
}

function* strings(node: Node): Generator<{ value: string; start: number }> {
  if (node.type === 'ImportDeclaration') return;
  const value = said(node);
  if (value !== undefined) yield { value, start: node.start };
  for (const inner of Object.values(node).flat()) {
    if (!isNode(inner)) continue;
    // The parts of a sum have been said with it.
    if (value === undefined || said(inner) === undefined) yield* strings(inner);
  }
}

function textsOfCode(file: string, source: string): Text[] {
  const { program, comments, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  const told = together(source, comments).map((comment) => ({
    ...comment,
    kind: 'comment' as const,
  }));
  const root: unknown = program;
  const written = isNode(root)
    ? [...strings(root)].map((text) => ({ ...text, kind: 'string' as const }))
    : [];
  return [...told, ...written].flatMap(({ value, start, kind }) => {
    const parts = kind === 'comment' ? blocks(value) : value.split('\n').flatMap(blocks);
    return parts.map((text) => ({ file, line: lineAt(source, start), kind, text }));
  });
}

function textsOfPage(file: string, source: string): Text[] {
  return blocks(source).map((text) => {
    const begin = text.split(' ', 3).join(' ');
    return { file, line: lineAt(source, Math.max(0, source.indexOf(begin))), kind: 'page', text };
  });
}

/** All texts of the repository. */
export function readTexts(): Text[] {
  const exclude = ['node_modules/**', '**/.build/**', '**/.*/**'];
  const files = globSync('**/*.{ts,md}', { cwd: ROOT, exclude });
  return files.toSorted().flatMap((file) => {
    const source = readFileSync(join(ROOT, file), 'utf8');
    return file.endsWith('.md') ? textsOfPage(file, source) : textsOfCode(file, source);
  });
}

/** The sentences of a text; a colon or a semicolon ends none. */
export function sentences(text: string): string[] {
  return text.split(/(?<=[.!?][)"’']?)\s+(?=[^a-z])/).filter((sentence) => sentence !== '');
}

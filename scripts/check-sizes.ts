/** Checks that no file of code is longer than one reads in one go. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MOST_LINES = 300;

export interface SizeReport {
  /** Files that were read; none means that nothing was checked. */
  readonly files: number;
  readonly tooLong: readonly { readonly path: string; readonly lines: number }[];
}

/** Counts the lines of the TypeScript and JavaScript that git tracks in `root`. */
export function checkSizes(root: string): SizeReport {
  const listed = execFileSync('git', ['ls-files', '-z', '*.ts', '*.mjs'], { cwd: root });
  const paths = listed.toString().split('\0').filter(Boolean);
  const sizes = paths.map((path) => ({ path, lines: linesOf(join(root, path)) }));
  return { files: paths.length, tooLong: sizes.filter(({ lines }) => lines > MOST_LINES) };
}

function linesOf(path: string): number {
  return readFileSync(path, 'utf8').trimEnd().split('\n').length;
}

if (import.meta.main) {
  const { files, tooLong } = checkSizes(resolve(import.meta.dirname, '..'));
  for (const { path, lines } of tooLong) {
    console.error(`${path}: ${lines} lines, more than ${MOST_LINES}; split it by what it is about`);
  }
  console.log(`${files} files, ${tooLong.length} too long`);
  if (files === 0 || tooLong.length > 0) process.exitCode = 1;
}

import { readFileSync } from 'node:fs';
import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * What a program of this repository was asked for, as `parseArgs` gives it. By `--help` the program
 * prints the comment that its file begins with. It prints the same after an option that it does not
 * know, and ends with 2.
 *
 * @param file the program's `import.meta.url`.
 */
export function optionsOf<const C extends ParseArgsConfig>(
  file: string,
  config: C,
): ReturnType<typeof parseArgs<C>> {
  if (process.argv.includes('--help')) {
    console.log(firstComment(file));
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    const [said = ''] = (error instanceof Error ? error.message : String(error)).split('. ');
    return refuse(`${said}.\n\n${firstComment(file)}`);
  }
}

/** Ends a program that was asked for what there is not: with 2, as a command line does. */
export function refuse(said: string): never {
  console.error(said);
  process.exit(2);
}

function firstComment(file: string): string {
  const [, comment = ''] = /^\/\*\*\n(.*?)\n \*\//s.exec(readFileSync(new URL(file), 'utf8')) ?? [];
  return comment.replaceAll(/^ \* ?/gm, '');
}

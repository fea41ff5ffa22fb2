import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, stop } from 'esbuild';

/** The map's page: one file each, which load nothing. */
export interface ConsolePage {
  /** Has comments where the others belong: `<!--head-->`, `<!--style-->`, `<!--data-->`, `<!--script-->`. */
  readonly html: string;
  readonly style: string;
  readonly script: string;
}

/**
 * Builds the page from its source. In the packed program this module is replaced by what it returned
 * when that was built (scripts/release/cli.ts). No other build of this process may run meanwhile.
 *
 * @throws esbuild's BuildFailure, which names the file and line.
 */
export async function consolePage(): Promise<ConsolePage> {
  const folder = join(import.meta.dirname, 'page');
  const options = { bundle: true, minify: true, write: false, target: 'es2022' } as const;
  const [script, style, html] = await Promise.all([
    build({ ...options, entryPoints: [join(folder, 'main.ts')], format: 'iife' }),
    build({ ...options, entryPoints: [join(folder, 'page.css')] }),
    readFile(join(folder, 'page.html'), 'utf8'),
  ]);
  // It works in a process of its own, which would stay as long as this one.
  await stop();
  const text = ({ outputFiles: [file] }: typeof script): string => file?.text ?? '';
  return { html, style: text(style), script: text(script) };
}

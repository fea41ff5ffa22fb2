import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Command {
  readonly command: string;
  /** What the text shows below it; `…` stands for anything. */
  readonly seen: string;
}

export const WALKTHROUGH = readFileSync(
  join(import.meta.dirname, '../../../docs/walkthrough.md'),
  'utf8',
);

function boxes(language: string): string[] {
  const box = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms');
  return [...WALKTHROUGH.matchAll(box)].map(([, text = '']) => text);
}

/** The commands that need nothing but a cluster with this project: the lines that begin with `$`. */
export function clusterCommands(): Command[] {
  return boxes('console')
    .flatMap((box) => box.split(/^\$ /m).slice(1))
    .map((text) => {
      const [command = '', ...seen] = text.trimEnd().split('\n');
      return { command, seen: seen.join('\n') };
    });
}

/** The lines that need an AWS account or a container engine. */
export function otherCommands(): string[] {
  return boxes('bash').flatMap((box) => box.trimEnd().split('\n'));
}

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readStage } from '../../../config/read.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PAGES = ['README.md', 'docs/walkthrough.md', 'docs/first-deployment.md'];

/** The commands of a page's boxes, in their order. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return [...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, box = '']) => box.split('\n'));
}

describe.each(PAGES)('whoever follows %s', (page) => {
  const commands = commandsOf(page);
  const [copy, ...edits] = commands.filter((command) =>
    /^(cp|sed) .*config\/prod\.yml/.test(command),
  );

  test('deploys the copied example with a policy that assigns addresses', async () => {
    const folder = await temporaryFolder();
    mkdirSync(join(folder, 'config'));
    copyFileSync(join(ROOT, 'config/example.yml'), join(folder, 'config/example.yml'));
    for (const command of [copy, ...edits]) {
      execFileSync('sh', ['-c', command?.replace(/ +#.*/, '') ?? 'false'], { cwd: folder });
    }
    expect(readStage(folder, 'prod')).toMatchObject({ policy: 'sync' });
  });

  test('looks at what would be done before, and deploys after', () => {
    const edit = commands.indexOf(edits.at(-1) ?? '');
    const deploy = 'npm run deploy -- --stage prod';
    expect(commands.slice(0, edit).join('\n')).toContain('multus-eni -- drift --stage prod');
    expect(commands.indexOf(deploy)).toBeLessThan(edit);
    expect(commands.slice(edit)).toContain(deploy);
  });
});

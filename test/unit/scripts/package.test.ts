import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { bundleFunction, FUNCTIONS } from '../../../scripts/bundle.ts';
import { zip } from '../../../scripts/zip.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const run = promisify(execFile);

describe.each(FUNCTIONS)('the bundle of %s', (name) => {
  test('exports its handler to a CommonJS loader that finds no packages', async () => {
    const { folder } = await bundleFunction(name, await temporaryFolder());
    const { stdout } = await run(
      process.execPath,
      ['--print', `typeof require(${JSON.stringify(join(folder, 'index.js'))}).handler`],
      {
        cwd: folder,
        env: {
          ...process.env,
          AWS_REGION: 'us-east-1',
          CLUSTERS: '[{"name":"demo"}]',
          QUEUE_URL: 'http://127.0.0.1:9/queue',
          DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/dead-letter',
        },
      },
    );
    expect(stdout).toBe('function\n');
  });
});

test('a zip is the same for the same files, and gives them back', () => {
  const [a, b] = [new TextEncoder().encode('a'), new TextEncoder().encode('b')];
  const archive = zip({ 'x/a.js': a, 'b.js': b });
  expect(zip({ 'b.js': b, 'x/a.js': a })).toEqual(archive);
  expect(unzipSync(archive)).toEqual({ 'x/a.js': a, 'b.js': b });
});

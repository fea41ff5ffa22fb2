import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { peerFigures } from '../../../bench/budget/peers/play.ts';

const MAIN = join(import.meta.dirname, '../../../bench/budget/peers/main.ts');

test('The peers’ calls are counted: who describes, who assigns, who never releases', () => {
  const args = ['--json', '--nodes', '1', '--only', 'burst', '--only', 'deletion'];
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args], {
    encoding: 'utf8',
  });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  const figures = z.record(z.string(), peerFigures).parse(JSON.parse(stdout));
  // Ten pods with two attachments each, on a worker with three ENIs.
  expect(figures['burst, initContainer']).toMatchObject({ describe: 40, assign: 20, lost: 0 });
  expect(figures['burst, daemonSet']).toMatchObject({ describe: 0, assign: 20, lost: 0 });
  for (const peer of ['initContainer', 'daemonSet']) {
    expect(figures[`deletion, ${peer}`]).toMatchObject({ unassign: 0, seconds: null, leaked: 20 });
  }
});

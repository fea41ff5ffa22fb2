import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';

const MAIN = join(import.meta.dirname, '../../../bench/flood.ts');

const waits = z.strictObject({ messageMs: z.number(), addressMs: z.number() });
const figures = z.strictObject({
  flood: z.number(),
  left: z.number(),
  alone: waits,
  flooded: waits,
  delayMs: z.number(),
});

test('a flood of one cluster’s messages delays no other cluster’s', () => {
  const { stdout, status } = spawnSync(process.execPath, [MAIN, '--messages', '300', '--json'], {
    encoding: 'utf8',
  });
  const read = figures.parse(JSON.parse(stdout));
  expect(read.flood).toBe(300);
  expect(read.alone.messageMs).toBeGreaterThan(0);
  // Only annotating, sending and one Assign lie between: no wait for a queue.
  expect(read.flooded.addressMs).toBeLessThan(1_000);
  expect(read.delayMs).toBeLessThanOrEqual(100);
  expect(status).toBe(0);
});

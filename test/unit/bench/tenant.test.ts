import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';

const MAIN = join(import.meta.dirname, '../../../bench/tenant.ts');

const row = z.strictObject({
  what: z.string(),
  unit: z.enum(['MiB', 's', 'ms']),
  measured: z.number().nonnegative(),
  goal: z.number().positive(),
  isMet: z.boolean(),
});
const waits = z.strictObject({ p50: z.number(), p99: z.number() });
const figures = z.object({
  rows: z.array(row),
  waits: z.strictObject({ alone: waits, beside: waits }),
  served: z.object({ looks: z.number() }),
});

test('a small tenant leaves forwarder and functions within their memory, and each goal is judged', () => {
  const args = ['--pods', '20', '--definitions', '5', '--seconds', '2', '--json'];
  const { stdout, status } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  const { rows, waits: played, served } = figures.parse(JSON.parse(stdout));
  expect(served.looks).toBeGreaterThan(0);
  expect(rows.filter(({ unit }) => unit === 'MiB').map(({ isMet }) => isMet)).toEqual([
    true,
    true,
    true,
  ]);
  expect(rows.every(({ measured, goal, isMet }) => isMet === measured <= goal)).toBe(true);
  expect(Math.min(played.alone.p50, played.beside.p50)).toBeGreaterThan(0);
  expect(status).toBe(rows.every(({ isMet }) => isMet) ? 0 : 1);
}, 300_000);

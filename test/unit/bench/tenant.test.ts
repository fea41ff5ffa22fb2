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

test('beside a small tenant all keep within their memory and others wait as promised, and each goal is judged', () => {
  const args = ['--pods', '20', '--definitions', '5', '--seconds', '2', '--json'];
  const { stdout, status } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  const { rows, waits: played, served } = figures.parse(JSON.parse(stdout));
  expect(served.looks).toBeGreaterThan(0);
  const missed = (of: string) =>
    rows.flatMap(({ isMet, unit, what }) => (unit === of && !isMet ? [what] : []));
  expect(rows.filter(({ unit }) => unit === 'MiB')).toHaveLength(3);
  expect([...missed('MiB'), ...missed('ms')]).toEqual([]);
  expect(rows.flatMap(({ measured, unit }) => (unit === 'ms' ? [measured] : []))).toEqual([
    expect.closeTo(played.beside.p50, 1),
    expect.closeTo(played.beside.p99, 1),
  ]);
  expect(rows.every(({ measured, goal, isMet }) => isMet === measured <= goal)).toBe(true);
  expect(status).toBe(rows.every(({ isMet }) => isMet) ? 0 : 1);
}, 300_000);

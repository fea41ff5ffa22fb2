import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';

/** The module as a process has it that has just begun. */
async function freshly(atLeast?: string): Promise<typeof import('../../support/machine.ts')> {
  vi.stubEnv('TEST_PATIENCE', atLeast);
  vi.resetModules();
  return import('../../support/machine.ts');
}

function keepCoresBusy(): void {
  const workers = Array.from(
    { length: 4 * availableParallelism() },
    () => new Worker('for (;;) Math.random();', { eval: true }),
  );
  onTestFinished(async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
}

test('limits are stretched by what TEST_PATIENCE says at least', async () => {
  const { patience, slowness, timeoutOption } = await freshly('7');
  expect(slowness()).toBeGreaterThanOrEqual(7);
  expect(patience(1_000)).toBeGreaterThanOrEqual(14_000);
  expect(timeoutOption(10)).toMatch(/^--timeout=\d{3}s$/);
});

test('a value that is no number stretches nothing', async () => {
  const { cpuSlowness } = await freshly('soon');
  expect(cpuSlowness()).toBeGreaterThanOrEqual(1);
  expect(cpuSlowness()).toBeLessThan(Infinity);
});

test('a machine whose cores are all busy is seen to be slow', async () => {
  keepCoresBusy();
  const { slowness } = await freshly();
  expect(slowness()).toBeGreaterThan(1);
});

test('whatever tests wait for by Vitest is waited for so', () => {
  expect(vi.waitFor.name).toBe('waitPatiently');
  expect(expect.poll.name).toBe('pollPatiently');
});

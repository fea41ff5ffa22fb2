import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { LARGE } from './large.ts';

const WORKER = new URL('./large-worker.ts', import.meta.url);

/** As much as the input, its JSON and what is made of it may take beside the code, in MiB. */
const MEMORY_MIB = 96;

async function readWithin(memoryMib: number, name: string): Promise<unknown> {
  const worker = new Worker(WORKER, {
    workerData: name,
    resourceLimits: { maxOldGenerationSizeMb: memoryMib, maxYoungGenerationSizeMb: 16 },
  });
  onTestFinished(async () => void (await worker.terminate()));
  const [message] = await once(worker, 'message');
  return message;
}

test.each(LARGE)('$name is read or refused in little memory', async ({ name }) => {
  expect(await readWithin(MEMORY_MIB, name)).toBe('read');
});

test('too little memory is noticed', async () => {
  await expect(readWithin(8, LARGE[0]?.name ?? '')).rejects.toThrow('memory limit');
});

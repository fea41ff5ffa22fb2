import { expect, test } from 'vitest';
import { sharedList } from '../../../../shared/time/shared-list.ts';

/** A list whose reads end when the test says so; each is told by its number. */
function heldList() {
  const reads: PromiseWithResolvers<number>[] = [];
  const list = sharedList(() => {
    const read = Promise.withResolvers<number>();
    reads.push(read);
    return read.promise;
  });
  const answer = (read: number) => reads[read - 1]?.resolve(read);
  return { list, reads, answer };
}

test('those who ask at the same time share a read', async () => {
  const { list, reads, answer } = heldList();
  const asked = [list(), list(), list()];
  await expect.poll(() => reads.length).toBe(1);
  answer(1);
  expect(await Promise.all(asked)).toEqual([1, 1, 1]);
});

test('those who ask during a read share one that begins after it', async () => {
  const { list, reads, answer } = heldList();
  const first = list();
  await expect.poll(() => reads.length).toBe(1);
  const others = [list(), list()];
  answer(1);
  expect(await first).toBe(1);
  await expect.poll(() => reads.length).toBe(2);
  const late = list();
  answer(2);
  expect(await Promise.all(others)).toEqual([2, 2]);
  await expect.poll(() => reads.length).toBe(3);
  answer(3);
  expect(await late).toBe(3);
});

test('who asks once nobody reads gets a read of its own', async () => {
  const { list, reads, answer } = heldList();
  for (const read of [1, 2]) {
    const asked = list();
    await expect.poll(() => reads.length).toBe(read);
    answer(read);
    expect(await asked).toBe(read);
  }
});

test('a read that fails fails those who share it, and nobody after them', async () => {
  const { list, reads, answer } = heldList();
  const first = list();
  await expect.poll(() => reads.length).toBe(1);
  const second = list();
  reads[0]?.reject(new Error('connection refused'));
  await expect(first).rejects.toThrow('connection refused');
  await expect.poll(() => reads.length).toBe(2);
  answer(2);
  expect(await second).toBe(2);
});

test('who gives up gets its own reason, and the others what they asked for', async () => {
  const { list, reads, answer } = heldList();
  const controller = new AbortController();
  const impatient = list(controller.signal);
  const patient = list();
  controller.abort(new Error('the deadline of the node is over'));
  await expect(impatient).rejects.toThrow('the deadline of the node is over');
  await expect.poll(() => reads.length).toBe(1);
  answer(1);
  expect(await patient).toBe(1);
});

test('who gave up before it asked has nothing read', async () => {
  const { list, reads } = heldList();
  await expect(list(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  expect(reads).toEqual([]);
});

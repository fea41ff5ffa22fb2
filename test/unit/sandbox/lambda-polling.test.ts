import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test, vi } from 'vitest';
import { mappingBed } from './mapping-bed.ts';

describe('an event source mapping that polls', () => {
  const bed = mappingBed();
  const { clock, start, send, bodiesOf, inQueue, invoked } = bed;

  test('a group is in one invocation at a time and keeps its order, while others go on', async () => {
    const order: string[] = [];
    const release = new Map<string, () => void>();
    start(async (event) => {
      order.push(...bodiesOf(event));
      await new Promise<void>((resolve) => {
        for (const body of bodiesOf(event)) release.set(body, resolve);
      });
    });
    await send('a', 'a1');
    await vi.waitFor(() => expect(order).toEqual(['a1']));
    await send('a', 'a2', 'a3');
    await send('b', 'b1');
    await vi.waitFor(() => expect(order).toEqual(['a1', 'b1']));
    release.get('a1')?.();
    await vi.waitFor(() => expect(order).toEqual(['a1', 'b1', 'a2', 'a3']));
  });

  test('runs no more bed.invocations() at once than its maximum concurrency', async () => {
    const groups = ['a', 'b', 'c', 'd', 'e'];
    for (const group of groups) await send(group, group);
    let running = 0;
    let most = 0;
    start(
      async () => {
        running += 1;
        most = Math.max(most, running);
        // Long enough for a poller that did not keep to the bound to receive again.
        for (let call = 0; call < 5; call += 1) {
          await bed.client().send(new GetQueueUrlCommand({ QueueName: 'nodes.fifo' }));
        }
        running -= 1;
      },
      { batchSize: 1, maximumConcurrency: 2 },
    );
    await invoked(groups.length);
    expect(most).toBe(2);
    expect(inQueue()).toEqual([]);
  });

  test('goes on polling after a receive that failed, and says why', async () => {
    const errors: unknown[] = [];
    bed.sqs().faults.fail('ReceiveMessage', 1);
    start(async () => {}, { onPollError: (error) => errors.push(error) });
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    await send('a', '1');
    clock.advance(1_000);
    await invoked(1);
    expect(inQueue()).toEqual([]);
  });

  test('stops while it waits for messages and while a handler runs', async () => {
    let begun = false;
    start(() => {
      begun = true;
      return new Promise(() => {});
    });
    await vi.waitFor(() => expect(bed.sqs().waiting('nodes.fifo')).toBe(1));
    await send('a', '1');
    await vi.waitFor(() => expect(begun).toBe(true));
    await bed.mapping()?.stop();
    expect(bed.invocations()[0]?.outcome.kind).toBe('stopped');
    await vi.waitFor(() => expect(bed.sqs().waiting('nodes.fifo')).toBe(0));
  });
});

import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { DeadlineError, withTaskDeadline } from '../../../../shared/time/task-deadline.ts';

describe('a deadline', () => {
  it('gives the result of what ends in time, and leaves no timer behind', async () => {
    const clock = virtualClock();
    expect(await withTaskDeadline(clock, 1000, 'it', async () => 'done')).toBe('done');
    expect(clock.nextTimer()).toBeUndefined();
  });

  it('gives the error of what fails in time, and leaves no timer behind', async () => {
    const clock = virtualClock();
    const failing = withTaskDeadline(clock, 1000, 'it', async () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(clock.nextTimer()).toBeUndefined();
  });

  it('ends the wait for what does not heed its signal, and says what took too long', async () => {
    const clock = virtualClock();
    let aborted: unknown;
    const waiting = withTaskDeadline(clock, 1000, 'node a', (signal) => {
      signal.addEventListener('abort', () => {
        aborted = signal.reason;
      });
      return new Promise(() => undefined);
    });
    clock.advance(999);
    expect(aborted).toBeUndefined();
    clock.advance(1);
    expect(aborted).toBeInstanceOf(DeadlineError);
    clock.advance(2000);
    await expect(waiting).rejects.toThrow('node a took longer than 1000 ms');
    expect(clock.nextTimer()).toBeUndefined();
  });

  it('waits for what heeds its signal to end, and says what took too long', async () => {
    const clock = virtualClock();
    let isOver = false;
    const waiting = withTaskDeadline(clock, 1000, 'node a', async (signal) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve());
      await promise;
      await Promise.resolve();
      isOver = true;
      signal.throwIfAborted();
    });
    clock.advance(1000);
    await expect(waiting).rejects.toThrow('node a took longer than 1000 ms');
    expect(isOver).toBe(true);
    expect(clock.nextTimer()).toBeUndefined();
  });

  it('leaves a task two seconds to end once its signal is aborted', async () => {
    const clock = virtualClock();
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiting = withTaskDeadline(clock, 1000, 'node a', async (signal) => {
      await promise;
      signal.throwIfAborted();
    });
    let isOver = false;
    const over = waiting.catch(() => {
      isOver = true;
    });
    clock.advance(1000 + 1999);
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    resolve('what it had to tell is told');
    await over;
    expect(clock.nextTimer()).toBeUndefined();
  });
});

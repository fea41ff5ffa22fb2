import { describe, expect, it } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { withDeadline } from '../../../../shared/time/deadline.ts';
import { collectGarbage } from '../../../support/collect-garbage.ts';

const never = (): Promise<never> => new Promise(() => undefined);

describe('the deadline of a call', () => {
  it('gives what the call gives in time, and leaves no timer behind', async () => {
    const clock = virtualClock();
    expect(await withDeadline(clock, 1_000, undefined, async () => 'done')).toBe('done');
    expect(clock.nextTimer()).toBeUndefined();
  });

  it('aborts a call that takes longer, and does not wait for one that does not heed that', async () => {
    const clock = virtualClock();
    let given: AbortSignal | undefined;
    const waiting = withDeadline(clock, 1_000, undefined, (signal) => {
      given = signal;
      return never();
    });
    clock.advance(1_000);
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(given?.reason).toMatchObject({ message: 'no answer within 1000 ms' });
  });

  it('is aborted together with whoever makes the call, for the same reason', async () => {
    const clock = virtualClock();
    const caller = new AbortController();
    let given: AbortSignal | undefined;
    const waiting = withDeadline(clock, 1_000, caller.signal, (signal) => {
      given = signal;
      return never();
    });
    caller.abort(new Error('the node took too long'));
    await expect(waiting).rejects.toThrow('the node took too long');
    expect(given?.reason).toBe(caller.signal.reason);
    expect(clock.nextTimer()).toBeUndefined();
  });

  it('does not keep a call that nobody waits for any longer', async () => {
    const kept = abandonedCall();
    await collectGarbage();
    expect(kept.deref()).toBeUndefined();
  });
});

/** A call whose caller and whose clock are gone, as where a process died. Gives what only the call holds. */
function abandonedCall(): WeakRef<object> {
  const held = { memory: 'of whoever made the call' };
  const caller = new AbortController();
  void withDeadline(virtualClock(), 1_000, caller.signal, async (signal) => {
    signal.addEventListener('abort', () => held);
    return never();
  });
  return new WeakRef(held);
}

import { withDeadline } from '../../shared/time/deadline.ts';
import { EXIT, Failure } from '../exit-code.ts';
import type { IpManagerOutside } from './outside.ts';

export interface TimeLimit {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Runs `work` until its time is up; `waitsFor` tells what it waits for, which is said when it changes.
 *
 * @throws Failure that says what was waited for when the time was up, the signal's reason, and what
 *   `work` throws.
 */
export async function withTimeLimit<T>(
  { clock, say }: Pick<IpManagerOutside, 'clock' | 'say'>,
  { timeoutMs, signal }: TimeLimit,
  work: (signal: AbortSignal, waitsFor: (reason: string) => void) => Promise<T>,
): Promise<T> {
  let waitedFor = '';
  try {
    return await withDeadline(clock, timeoutMs, signal, (deadline) =>
      work(deadline, (reason) => {
        if (reason !== waitedFor) say(`waiting: ${reason}`);
        waitedFor = reason;
      }),
    );
  } catch (error) {
    if (signal.aborted || !(error instanceof DOMException && error.name === 'TimeoutError')) {
      throw error;
    }
    const reason = waitedFor === '' ? 'no answer came' : waitedFor;
    const seconds = Math.round(timeoutMs / 1000);
    throw new Failure(EXIT.timeIsUp, `not done within ${seconds} s (--timeout): ${reason}`);
  }
}

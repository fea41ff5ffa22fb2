/**
 * What Vitest waits for may take as much longer as the machine is slower: measured anew for each
 * test file and each wait, since what else runs on it comes and goes.
 */
import { expect, inject, vi } from 'vitest';
import { patience } from '../machine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * How many milliseconds a test and a hook may take on an idle machine. A busy machine stretches one
     * wait to `wait` milliseconds at most: without a bound, a broken product is told late.
     */
    limits: { readonly test: number; readonly hook: number; readonly wait?: number };
  }
}

/** Vitest's own default for what is waited for. */
const WAIT_MS = 1_000;

const limits = inject('limits');
vi.setConfig({ testTimeout: patience(limits.test), hookTimeout: patience(limits.hook) });

/** A wait of `ms` on an idle machine is never made shorter. */
const patientWait = (ms: number): number =>
  Math.max(ms, Math.min(patience(ms), limits.wait ?? Number.POSITIVE_INFINITY));

// Where files share a process it is done already.
const { waitFor } = vi;
const { poll } = expect;
if (waitFor.name !== 'waitPatiently') {
  vi.waitFor = function waitPatiently(look, options = {}) {
    const { timeout = WAIT_MS, ...rest } =
      typeof options === 'number' ? { timeout: options } : options;
    return waitFor(look, { ...rest, timeout: patientWait(timeout) });
  };
  expect.poll = function pollPatiently(look, { timeout = WAIT_MS, ...options } = {}) {
    return poll(look, { ...options, timeout: patientWait(timeout) });
  };
}

import { availableParallelism, loadavg } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/**
 * How much slower than an idle one this machine is at the moment. Limits that end what hangs, or find
 * what takes far too long, are stretched by it; nothing else may depend on it.
 */

/** Work of a fixed size, of the kind that most of the code under test does. */
const WORK = JSON.stringify(
  Array.from({ length: 2_000 }, (_, index) => ({ ip: `2600:1f18::${index.toString(16)}`, index })),
);
/** What it takes on an idle core of the machine that the limits were chosen on. */
const WORK_MS = 0.25;
/** Longer than a core is given away for. */
const TIMES = 40;
/** Long enough for the kernel to count the CPU time of a thread. */
const CPU_TIMES = 200;

/** For how long a measurement is believed. */
const FRESH_MS = 5_000;
/** A timer may be late by this. */
const PUNCTUAL_MS = 10;
const MOST = 20;

/** `TEST_PATIENCE=3`: the machine is taken to be three times slower at least. */
const AT_LEAST = Math.max(1, Number(process.env.TEST_PATIENCE ?? 1) || 1);

const delays = monitorEventLoopDelay({ resolution: PUNCTUAL_MS });
delays.enable();
let measured: { readonly at: number; readonly factor: number } | undefined;

/** By the time that fixed work takes, by how late timers are, and by how many wait for a core. */
export function slowness(): number {
  const begun = performance.now();
  if (measured !== undefined && begun - measured.at < FRESH_MS) return measured.factor;
  work(TIMES);
  const worked = (performance.now() - begun) / (TIMES * WORK_MS);
  // NaN before the first timer.
  const late = (delays.percentile(90) || 0) / 1e6 / PUNCTUAL_MS - 1;
  delays.reset();
  const [running = 0] = loadavg();
  const factor = Math.max(worked, late, running / availableParallelism(), AT_LEAST);
  measured = { at: begun, factor: Math.min(factor, MOST) };
  return measured.factor;
}

/** By the CPU time that fixed work takes: more on a busy machine, where others use its caches. */
export function cpuSlowness(): number {
  const before = process.threadCpuUsage();
  work(CPU_TIMES);
  const { user, system } = process.threadCpuUsage(before);
  return Math.max((user + system) / 1_000 / (CPU_TIMES * WORK_MS), AT_LEAST);
}

/** A limit of `ms` on an idle machine, as it has to be on this one now. */
export function patience(ms: number): number {
  // What is waited for may be several programs, each of which waits for a core.
  const slow = slowness();
  // Timers take whole milliseconds.
  return Math.ceil(ms * (slow > 1 ? 2 * slow : 1));
}

/** kubectl's option for a wait of `seconds` on an idle machine. */
export function timeoutOption(seconds: number): string {
  return `--timeout=${Math.ceil(patience(seconds * 1_000) / 1_000)}s`;
}

function work(times: number): void {
  for (let time = 0; time < times; time += 1) JSON.parse(WORK);
}

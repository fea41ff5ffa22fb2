import { readdirSync, readFileSync } from 'node:fs';
import { sleep, systemClock } from '../../../shared/time/clock.ts';
import { patience } from '../../support/machine.ts';

/** A process of this machine; one that took over its number later began at another time. */
export interface ProcessId {
  readonly pid: number;
  /** Clock ticks after the machine's start, as in /proc/<pid>/stat. */
  readonly startedAt: string;
}

/** @returns `undefined` if no such process runs; one that waits to be reaped runs no more. */
export function processId(pid: number): ProcessId | undefined {
  const fields = statOf(pid);
  const [state, startedAt] = [fields?.[0], fields?.[19]];
  if (state === undefined || startedAt === undefined || state === 'Z') return undefined;
  return { pid, startedAt };
}

export function isRunning({ pid, startedAt }: ProcessId): boolean {
  return processId(pid)?.startedAt === startedAt;
}

export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((each) => Number.isInteger(each) && statOf(each)?.[1] === String(pid));
}

/** The processes at the ends of the branches below one: what nsenter was asked to run. */
export function descendantsOf(pid: number): number[] {
  const children = childrenOf(pid);
  return children.length === 0 ? [pid] : children.flatMap(descendantsOf);
}

/** Kills processes with SIGKILL and waits until they run no more. */
export async function killAll(processes: readonly ProcessId[]): Promise<void> {
  for (const process of processes) if (isRunning(process)) signal(process.pid, 'SIGKILL');
  await until(() => !processes.some(isRunning), `processes to end: ${pids(processes)}`);
}

/** Sends a signal to a process; one that has just ended needs none. */
export function signal(pid: number, name: 'SIGKILL' | 'SIGINT'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Many a condition costs a kubectl: who waits for long asks seldom. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** Waits until `condition` holds. @throws Error after `timeoutMs` of an idle machine. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 30_000,
): Promise<void> {
  const begun = systemClock.now();
  let pause = FIRST_PAUSE_MS;
  while (!(await condition())) {
    const waited = systemClock.now() - begun;
    if (waited > patience(timeoutMs)) throw new Error(`waited ${waited} ms for ${what}`);
    await sleep(systemClock, pause);
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }
}

/** The fields of /proc/<pid>/stat from the third on: state, parent, … */
function statOf(pid: number): string[] | undefined {
  try {
    // The second is the program's name in brackets, and may have any character in it.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined;
  }
}

function pids(processes: readonly ProcessId[]): string {
  return processes.map(({ pid }) => pid).join(', ');
}

import { execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { untilOneFails } from '../../shared/time/until-one-fails.ts';
import { EXIT, Failure } from '../exit-code.ts';
import { type ChangeSignal, createChangeSignal } from './change-signal.ts';
import { fromIpAddress, type PodAddress } from './pod-addresses.ts';

/** Nothing says when `ip monitor` has begun to listen: what came until then is read once more (ms). */
const LISTENS_AFTER_MS = 500;
const RESTART_MS = 1000;
const READ_TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

export interface AddressWatch {
  /** iproute2's `ip`. */
  readonly command: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Called with all of the pod's addresses, at first and after every change. */
  readonly onAddresses: (addresses: readonly PodAddress[]) => void;
}

/**
 * Watches the pod's addresses. A notification says only that something has changed: the addresses
 * are then read whole, so that one that gets lost costs nothing once the next has come.
 *
 * @throws Failure if `ip` cannot be run, and the signal's reason.
 */
export function watchAddresses(watch: AddressWatch, signal: AbortSignal): Promise<never> {
  const changed = createChangeSignal(watch.clock);
  return untilOneFails(signal, [
    (either) => keepMonitoring(watch, changed, either),
    (either) => keepReading(watch, changed, either),
  ]);
}

async function keepReading(
  { command, onAddresses }: AddressWatch,
  changed: ChangeSignal,
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    await changed.wait(signal);
    onAddresses(await readAddresses(command, signal));
  }
}

async function readAddresses(command: string, signal: AbortSignal): Promise<PodAddress[]> {
  const limits = { signal, timeout: READ_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  try {
    const { stdout } = await promisify(execFile)(command, ['-j', 'address'], limits);
    return fromIpAddress(stdout);
  } catch (error) {
    signal.throwIfAborted();
    throw notRunnable(`${command} -j address`, error);
  }
}

async function keepMonitoring(
  watch: AddressWatch,
  changed: ChangeSignal,
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    const how = await monitor(watch, changed, signal);
    watch.say(`${watch.command} monitor address ended with ${how} and is started again`);
    await sleep(watch.clock, RESTART_MS, signal);
  }
}

/** Signals every notification until `ip monitor` ends. @returns how it ended. */
async function monitor(
  { command, clock }: AddressWatch,
  changed: ChangeSignal,
  signal: AbortSignal,
): Promise<string> {
  const child = spawn(command, ['-o', 'monitor', 'address'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.on('error', reject).on('exit', (code, killedBy) => resolve(`${killedBy ?? code}`));
  child.stdout.on('data', changed.notify);
  changed.notify();
  const cancel = clock.after(LISTENS_AFTER_MS, changed.notify);
  try {
    return await promise;
  } catch (error) {
    signal.throwIfAborted();
    throw notRunnable(`${command} -o monitor address`, error);
  } finally {
    cancel();
  }
}

function notRunnable(what: string, error: unknown): Failure {
  const because = error instanceof Error ? error.message : String(error);
  return new Failure(EXIT.failed, `${what} failed: ${because}. It has to be iproute2's ip`, {
    cause: error,
  });
}

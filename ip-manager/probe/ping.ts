import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type Clock, sleep } from '../../shared/time/clock.ts';

const RESTART_MS = 500;

export interface Pinging {
  readonly clock: Clock;
  readonly from: string;
  readonly to: string;
  /** Told of every answer. */
  readonly answered: () => void;
  /** Told what ping says where it cannot be run. */
  readonly trouble: (said: string) => void;
}

/**
 * Pings from an address until the signal ends it. It needs no capability if the sysctl
 * net.ipv4.ping_group_range has the group.
 */
export async function keepPinging(pinging: Pinging, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await pingOnce(pinging, signal);
    await sleep(pinging.clock, RESTART_MS, signal).catch(() => undefined);
  }
}

/** Until it ends, as it does if the address is not there yet. */
function pingOnce({ from, to, answered, trouble }: Pinging, signal: AbortSignal): Promise<void> {
  const args = ['-n', '-i', '0.2', '-W', '1', '-I', from, to];
  return new Promise((resolve) => {
    const child = spawn('ping', args, { stdio: ['ignore', 'pipe', 'pipe'], signal });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (/ bytes from /.test(line)) answered();
    });
    createInterface({ input: child.stderr }).on('line', trouble);
    child.once('error', (error) => {
      if (!signal.aborted) trouble(error.message);
      resolve();
    });
    child.once('close', () => resolve());
  });
}

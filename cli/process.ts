import { systemClock } from '../shared/time/clock.ts';
import type { CliOutside } from './outside.ts';

/** What this process has. */
export const ofProcess: CliOutside = {
  environment: process.env,
  clock: systemClock,
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted() {
    const controller = new AbortController();
    // Once only: a second signal ends the process at once.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => controller.abort());
    }
    return controller.signal;
  },
};

import type { Daemon } from './machine.ts';

/** A program of the cluster that can be killed and started again. */
export interface Part {
  readonly running: boolean;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** Starts it, and waits until it is ready; nothing if it runs. */
  start(): Promise<void>;
  /** What its last process has logged. */
  log(): string;
}

/** A part that is not started yet. `ready` waits until a started one is ready, if that is known. */
export function partOf(begin: () => Daemon, ready?: (daemon: Daemon) => Promise<void>): Part {
  let daemon: Daemon | undefined;
  return {
    get running() {
      return daemon?.running ?? false;
    },
    async kill() {
      await daemon?.kill();
    },
    async start() {
      if (daemon?.running) return;
      daemon = begin();
      await ready?.(daemon);
    },
    log: () => daemon?.log() ?? '',
  };
}

import { type Cancel, type Clock, type Random, sleep } from '../shared/clock.ts';
import type { Lease, LeaseRecord, Leases } from './leases.ts';

/** Milliseconds; as client-go's leader election has them by default. */
export interface ElectionTimes {
  /** Others wait this long after the last renewal that they saw. */
  readonly leaseDuration: number;
  /** A leader that could not renew for this long is none any more. */
  readonly renewDeadline: number;
  readonly retryPeriod: number;
}

export const ELECTION_TIMES: ElectionTimes = {
  leaseDuration: 15_000,
  renewDeadline: 10_000,
  retryPeriod: 2_000,
};

export interface Election {
  leading(): boolean;
  /** Ends the election, and gives the Lease up so that another takes over at once. */
  release(): Promise<void>;
  /** Ends the election as a crash would: the Lease runs out. */
  abandon(): void;
}

/**
 * Takes part in the election of the leader, on a Lease. Times are those of the own
 * clock: another machine's renewTime is only ever compared with what it was before.
 *
 * Two leaders at once are possible for a moment, as with every lease; here they cost
 * messages sent twice, which change nothing.
 */
export function joinElection(options: {
  readonly leases: Leases;
  /** Different in every process. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly times: ElectionTimes;
  readonly onElected: () => void;
  readonly onLost: () => void;
  /** The Lease could not be read or written; it is tried again. */
  readonly onError: (error: unknown) => void;
}): Election {
  const { leases, identity, clock, random, times } = options;
  const ended = new AbortController();
  let seen: { readonly lease: Lease; readonly at: number } | undefined;
  let leading = false;
  let expiry: Cancel = () => {};

  const lose = (): void => {
    expiry();
    if (!leading) return;
    leading = false;
    options.onLost();
  };

  const observe = (lease: Lease | undefined): void => {
    if (lease === undefined) seen = undefined;
    else if (seen?.lease.resourceVersion !== lease.resourceVersion) {
      seen = { lease, at: clock.now() };
    }
  };

  const free = (): boolean => {
    if (seen === undefined || seen.lease.holder === '' || seen.lease.holder === identity)
      return true;
    return (
      clock.now() >= seen.at + Math.max(times.leaseDuration, seen.lease.durationSeconds * 1_000)
    );
  };

  const hold = (lease: Lease, from: number): void => {
    observe(lease);
    expiry();
    expiry = clock.after(from + times.renewDeadline - clock.now(), lose);
    if (leading) return;
    leading = true;
    options.onElected();
  };

  /** One attempt to get or keep the Lease. It counts from before it was asked for. */
  const attempt = async (signal: AbortSignal): Promise<void> => {
    const from = clock.now();
    const claim = async (): Promise<Lease | undefined> => {
      if (!free()) return undefined;
      return await leases.write(claimed(seen?.lease, identity, times, from), seen?.lease, signal);
    };
    if (!leading) observe(await leases.get(signal));
    let written = await claim();
    if (written === undefined && leading) {
      // Someone else wrote it, or a renewal of ours whose answer was lost.
      observe(await leases.get(signal));
      written = await claim();
    }
    if (ended.signal.aborted) return;
    if (written === undefined) lose();
    else hold(written, from);
  };

  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      const attempted = within(clock, times.renewDeadline, ended.signal, attempt);
      await attempted.catch((error) => {
        if (!ended.signal.aborted) options.onError(error);
      });
      const delayMs = times.retryPeriod * (leading ? 1 : 1 + random() * 0.2);
      await sleep(clock, delayMs, ended.signal).catch(() => undefined);
    }
  };

  const giveUp = async (signal: AbortSignal): Promise<void> => {
    // A renewal under way was cut short; whether it was written is not known.
    const lease = await leases.get(signal);
    if (lease?.holder !== identity) return;
    const now = microTime(clock.now());
    const record = { ...lease, holder: '', durationSeconds: 1, renewTime: now, acquireTime: now };
    await leases.write(record, lease, signal);
  };

  const running = run();
  return {
    leading: () => leading,
    async release() {
      const held = leading;
      ended.abort();
      lose();
      await running;
      if (!held) return;
      const signal = new AbortController().signal;
      await within(clock, times.retryPeriod, signal, giveUp).catch(options.onError);
    },
    abandon() {
      ended.abort();
      lose();
    },
  };
}

function claimed(
  over: Lease | undefined,
  holder: string,
  times: ElectionTimes,
  at: number,
): LeaseRecord {
  const now = microTime(at);
  const kept = over?.holder === holder;
  return {
    holder,
    // At least 1: the API server refuses 0.
    durationSeconds: Math.max(1, Math.ceil(times.leaseDuration / 1_000)),
    transitions: (over?.transitions ?? 0) + (over === undefined || kept ? 0 : 1),
    acquireTime: kept ? over.acquireTime : now,
    renewTime: now,
  };
}

/** Runs `task` with a signal that is aborted after `ms` milliseconds, or with `outer`. */
async function within(
  clock: Clock,
  ms: number,
  outer: AbortSignal,
  task: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const late = new AbortController();
  const reason = new Error(`the Lease was not answered for within ${ms} ms`);
  const cancel = clock.after(ms, () => late.abort(reason));
  try {
    await task(AbortSignal.any([outer, late.signal]));
  } finally {
    cancel();
  }
}

/** metav1.MicroTime: RFC 3339 with six digits of a second. */
function microTime(at: number): string {
  return new Date(at).toISOString().replace('Z', '000Z');
}

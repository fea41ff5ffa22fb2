import { type Cancel, type Clock, type Random, sleep } from '../../shared/time/clock.ts';
import type { Lease, LeaseRecord, Leases } from './leases.ts';

/** Milliseconds; the first three as client-go's leader election has them by default. */
export interface ElectionTimes {
  /** Others wait this long after the last renewal that they saw. */
  readonly leaseDuration: number;
  /** A leader that could not renew for this long is none any more. */
  readonly renewDeadline: number;
  readonly retryPeriod: number;
  /** A leader from which SQS has taken nothing for this long gives the Lease up. */
  readonly sendDeadline: number;
  /** And leaves it to others for this long at first, if there are any. */
  readonly standBack: number;
}

export const ELECTION_TIMES: ElectionTimes = {
  leaseDuration: 15_000,
  renewDeadline: 10_000,
  retryPeriod: 2_000,
  // One call that hangs until it is given up is no reason; two in a row are.
  sendDeadline: 20_000,
  // Longer than the next one takes to fail: so each has its turn before this one has another.
  standBack: 30_000,
};

export interface Election {
  leading(): boolean;
  /** Gives the Lease up so that another takes over at once, and goes on taking part. */
  resign(): void;
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
  /** How long a Lease that is free is left to others, ms; asked whenever that is of interest. */
  readonly reluctance: () => number;
  /** When the oldest was seen that is not sent, ms since the epoch. It is told in the Lease, as an age. */
  readonly unsentSince: () => number | undefined;
  /** @param unsentSince of leaders before, as far as they could tell. */
  readonly onElected: (unsentSince: number | undefined) => void;
  readonly onLost: () => void;
  /** The Lease could not be read or written; it is tried again. */
  readonly onError: (error: unknown) => void;
}): Election {
  const { leases, identity, clock, random, times } = options;
  const ended = new AbortController();
  let seen: { readonly lease: Lease; readonly at: number } | undefined;
  let leading = false;
  let expiry: Cancel = () => {};
  let interrupted = new AbortController();
  /** The Lease is to be given up; since when what is unsent has waited. */
  let leaving: { readonly unsentSince: number | undefined } | undefined;

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
    if (leading && (seen === undefined || seen.lease.holder === identity)) return true;
    const { lease, at } = seen ?? { lease: undefined, at: 0 };
    const held = lease !== undefined && lease.holder !== '' && lease.holder !== identity;
    const heldMs = held ? Math.max(times.leaseDuration, lease.durationSeconds * 1_000) : 0;
    return clock.now() >= at + heldMs + options.reluctance();
  };

  /** As the Lease says it. */
  const unsentBefore = (): number | undefined =>
    seen?.lease.unsentSeconds === undefined
      ? undefined
      : seen.at - seen.lease.unsentSeconds * 1_000;

  const hold = (lease: Lease, from: number): void => {
    observe(lease);
    expiry();
    expiry = clock.after(from + times.renewDeadline - clock.now(), lose);
    if (leading) return;
    leading = true;
    leaving = undefined;
    options.onElected(unsentBefore());
  };

  /** One attempt to get or keep the Lease. It counts from before it was asked for. */
  const attempt = async (signal: AbortSignal): Promise<void> => {
    const from = clock.now();
    const claim = async (): Promise<Lease | undefined> => {
      if (!free()) return undefined;
      // What others left unsent is theirs until this one leads.
      const unsentSince = leading ? options.unsentSince() : unsentBefore();
      const record = claimed(seen?.lease, identity, times, from);
      return await leases.write(
        { ...record, unsentSeconds: secondsSince(unsentSince, from) },
        seen?.lease,
        signal,
      );
    };
    if (!leading) observe(await leases.get(signal));
    let written = await claim();
    if (written === undefined && leading) {
      // Someone else wrote it, or a renewal of ours whose answer was lost.
      observe(await leases.get(signal));
      written = await claim();
    }
    if (signal.aborted) return;
    if (written === undefined) lose();
    else hold(written, from);
  };

  const giveUp = async (signal: AbortSignal): Promise<void> => {
    // A renewal under way was cut short; whether it was written is not known.
    const lease = await leases.get(signal);
    const unsentSeconds = secondsSince(leaving?.unsentSince, clock.now());
    if (lease?.holder === identity) {
      const now = microTime(clock.now());
      const free = { holder: '', durationSeconds: 1, renewTime: now, acquireTime: now };
      await leases.write({ ...lease, ...free, unsentSeconds }, lease, signal);
    }
    leaving = undefined;
  };

  const leave = (): void => {
    if (leading) leaving = { unsentSince: options.unsentSince() };
    lose();
  };

  const tried = async (
    ms: number,
    signal: AbortSignal,
    task: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> => {
    try {
      await within(clock, ms, signal, task);
    } catch (error) {
      if (!signal.aborted) options.onError(error);
    }
  };

  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      interrupted = new AbortController();
      const signal = AbortSignal.any([ended.signal, interrupted.signal]);
      await tried(times.renewDeadline, signal, attempt);
      const delayMs = times.retryPeriod * (leading ? 1 : 1 + random() * 0.2);
      await sleep(clock, delayMs, signal).catch(() => undefined);
      if (leaving !== undefined) await tried(times.retryPeriod, ended.signal, giveUp);
    }
  };

  const running = run();
  return {
    leading: () => leading,
    resign() {
      if (!leading) return;
      leave();
      interrupted.abort();
    },
    async release() {
      leave();
      ended.abort();
      await running;
      const signal = new AbortController().signal;
      if (leaving !== undefined) await tried(times.retryPeriod, signal, giveUp);
    },
    abandon() {
      ended.abort();
      lose();
    },
  };
}

/** In whole seconds, as a Lease tells it. */
function secondsSince(since: number | undefined, now: number): number | undefined {
  return since === undefined ? undefined : Math.max(0, Math.ceil((now - since) / 1_000));
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

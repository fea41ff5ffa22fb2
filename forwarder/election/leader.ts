import { type Cancel, type Clock, type Random, sleep } from '../../shared/time/clock.ts';
import { withDeadline } from '../../shared/time/deadline.ts';
import type { Lease, Leases } from './leases.ts';
import { claimed, givenUp } from './records.ts';
import { freeSince, type SeenLease, seenAgain } from './seen-lease.ts';

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
  // Longer than the next leader takes to fail, so that each has its turn before this one leads
  // again.
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

interface ElectionOptions {
  readonly leases: Leases;
  /** Different in every process. */
  readonly identity: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly times: ElectionTimes;
  /** How many milliseconds this replica leaves a free Lease to others at present. */
  readonly reluctance: () => number;
  readonly onElected: () => void;
  readonly onLost: () => void;
  /** The Lease could not be read or written; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** One who takes part. */
interface Candidate extends ElectionOptions {
  seen: SeenLease | undefined;
  leading: boolean;
  /** Stops the timer after which it leads no more. */
  expiry: Cancel;
  /** The Lease is to be given up. */
  leaving: boolean;
}

/**
 * Takes part in the election of the leader, on a Lease. Times are those of the own
 * clock: another machine's renewTime is only ever compared with what it was before.
 *
 * Two leaders at once are possible for a moment, as with every lease; here they cost
 * messages sent twice, which change nothing.
 */
export function joinElection(options: ElectionOptions): Election {
  const { clock, random, times } = options;
  const ended = new AbortController();
  let interrupted = new AbortController();
  const me: Candidate = {
    ...options,
    seen: undefined,
    leading: false,
    expiry: () => {},
    leaving: false,
  };

  const run = async (): Promise<void> => {
    while (!ended.signal.aborted) {
      interrupted = new AbortController();
      const signal = AbortSignal.any([ended.signal, interrupted.signal]);
      await tried(me, times.renewDeadline, signal, attempt);
      const delayMs = times.retryPeriod * (me.leading ? 1 : 1 + random() * 0.2);
      await sleep(clock, delayMs, signal).catch(() => undefined);
      if (me.leaving) await tried(me, times.retryPeriod, ended.signal, giveUp);
    }
  };

  const running = run();
  return {
    leading: () => me.leading,
    resign() {
      if (!me.leading) return;
      leave(me);
      interrupted.abort();
    },
    async release() {
      leave(me);
      ended.abort();
      await running;
      const signal = new AbortController().signal;
      if (me.leaving) await tried(me, times.retryPeriod, signal, giveUp);
    },
    abandon() {
      ended.abort();
      lose(me);
    },
  };
}

/** One attempt to get or keep the Lease. It counts from before it was asked for. */
async function attempt(me: Candidate, signal: AbortSignal): Promise<void> {
  const { leases, clock } = me;
  const from = clock.now();
  if (!me.leading) observe(me, await leases.get(signal));
  let written = await claim(me, from, signal);
  if (written === undefined && me.leading) {
    // Someone else wrote it, or a renewal of ours whose answer was lost.
    observe(me, await leases.get(signal));
    written = await claim(me, from, signal);
  }
  if (signal.aborted) return;
  if (written === undefined) lose(me);
  else hold(me, written, from);
}

/** Writes the Lease if it is free. @returns `undefined` if it is not free, or if others were first. */
async function claim(me: Candidate, from: number, signal: AbortSignal): Promise<Lease | undefined> {
  if (!free(me)) return undefined;
  const { lease } = me.seen ?? {};
  const record = claimed(lease, me.identity, me.times.leaseDuration, from);
  return await me.leases.write(record, lease, signal);
}

function free({ seen, leading, identity, times, clock, reluctance }: Candidate): boolean {
  if (leading && (seen === undefined || seen.lease.holder === identity)) return true;
  return clock.now() >= freeSince(seen, identity, times.leaseDuration) + reluctance();
}

function observe(me: Candidate, lease: Lease | undefined): void {
  me.seen = seenAgain(me.seen, lease, me.clock.now());
}

function hold(me: Candidate, lease: Lease, from: number): void {
  const { clock, times } = me;
  observe(me, lease);
  me.expiry();
  me.expiry = clock.after(from + times.renewDeadline - clock.now(), () => lose(me));
  if (me.leading) return;
  me.leading = true;
  me.leaving = false;
  me.onElected();
}

function lose(me: Candidate): void {
  me.expiry();
  if (!me.leading) return;
  me.leading = false;
  me.onLost();
}

function leave(me: Candidate): void {
  if (me.leading) me.leaving = true;
  lose(me);
}

async function giveUp(me: Candidate, signal: AbortSignal): Promise<void> {
  // A renewal under way was cut short; whether it was written is not known.
  const lease = await me.leases.get(signal);
  if (lease?.holder === me.identity) {
    await me.leases.write(givenUp(lease, me.clock.now()), lease, signal);
  }
  me.leaving = false;
}

async function tried(
  me: Candidate,
  ms: number,
  signal: AbortSignal,
  task: (me: Candidate, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  try {
    await withDeadline(me.clock, ms, signal, (either) => task(me, either));
  } catch (error) {
    if (!signal.aborted) me.onError(error);
  }
}

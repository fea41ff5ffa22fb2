/**
 * What all executions of an account and Region know together of EC2's tokens for one action. Time is
 * what it counts with: a token costs `1 / perSecond` of a second, and `spentUntil` says until when
 * what is spent or booked takes to come back.
 */
export interface BookedCalls {
  /** When the last token that is booked will have come, ms since the epoch; absent: nothing was ever booked. */
  readonly spentUntil?: number | undefined;
  /** What was left of the rate when EC2 last throttled, tokens a second; absent: it never did. */
  readonly perSecond?: number | undefined;
  /** When that was, ms since the epoch. */
  readonly cutAt?: number | undefined;
  /** How long until the rate grows again after that. */
  readonly calmMs?: number | undefined;
}

/** What is EC2's for us: see `BucketOptions`. */
export interface Limits {
  readonly capacity: number;
  readonly reserve: number;
  readonly perSecond: number;
}

/** What is left of the rate after a throttle. */
const CUT = 0.75;
/** The least part of the first rate. */
const LEAST = 0.05;
/** How long after a throttle the rate grows again. The time doubles after each try that failed. */
const FIRST_CALM_MS = 45_000;
const LONGEST_CALM_MS = 600_000;
/** By this part the rate grows each second. */
const GROWTH = 0.03;
/** A rate that is above what was known to be good by more than this was a try. */
const TRIED = 1.02;
/** Answers that come within this time of each other count as one. */
const ONE_ANSWER_MS = 2_000;

/** Tokens a second, now. */
export function rateOf(
  { perSecond, cutAt, calmMs }: BookedCalls,
  limits: Limits,
  now: number,
): number {
  if (perSecond === undefined || cutAt === undefined) return limits.perSecond;
  const growing = Math.max(0, now - cutAt - (calmMs ?? FIRST_CALM_MS)) / 1_000;
  return Math.min(limits.perSecond, perSecond * (1 + GROWTH) ** growing);
}

/** Tokens that are there for whoever books next; negative if more are booked than have come. */
export function balanceOf(booked: BookedCalls, limits: Limits, now: number): number {
  const { spentUntil = 0 } = booked;
  const balance = ((now - spentUntil) / 1_000) * rateOf(booked, limits, now);
  return Math.min(limits.capacity, balance);
}

/** What the bookings say after EC2 throttled; `undefined` if that says nothing new. */
export function afterThrottle(
  booked: BookedCalls,
  limits: Limits,
  now: number,
): Required<Pick<BookedCalls, 'perSecond' | 'cutAt' | 'calmMs'>> | undefined {
  const { cutAt = 0, calmMs = FIRST_CALM_MS, perSecond: good } = booked;
  if (Math.abs(now - cutAt) < ONE_ANSWER_MS) return undefined;
  const rate = rateOf(booked, limits, now);
  if (good !== undefined && rate > good * TRIED && rate < limits.perSecond) {
    return { perSecond: good, cutAt: now, calmMs: Math.min(LONGEST_CALM_MS, 2 * calmMs) };
  }
  const perSecond = Math.max(limits.perSecond * LEAST, rate * CUT);
  return { perSecond, cutAt: now, calmMs: FIRST_CALM_MS };
}

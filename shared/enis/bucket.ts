import type { Clock } from '../time/clock.ts';
import { createPause, type Pause } from './pause.ts';

export interface BucketOptions {
  readonly clock: Clock;
  /** What is saved up at most while nothing is sent. It is full at first. */
  readonly capacity: number;
  /** What is left to others; after a throttle it is saved up again first. */
  readonly reserve: number;
  /** Tokens a second at first. */
  readonly perSecond: number;
  /** Tokens a second that are tried at most, while work waits and nothing is throttled. */
  readonly most: number;
  /** How many times as many tokens come while none of our other writers is at work. */
  readonly alone: number;
}

/** What is believed of the tokens that EC2 has for one action. */
export interface Bucket {
  /**
   * Milliseconds until so many tokens are there; of more than the bucket holds, until it is full.
   */
  waitFor(tokens: number): number;
  /** Takes tokens out of what others may reserve; a negative number puts them back. */
  reserve(tokens: number): void;
  /** A call is sent. */
  spend(): void;
  /** EC2 answered a call, whatever it said. */
  answered(): void;
  /** EC2 throttled a call. */
  throttled(): void;
  /** Tokens that nobody has reserved; negative after a throttle. */
  left(): number;
  /** Our other writers need their part until then, ms since the epoch. */
  crowded(until: number): void;
  /** Tokens a second, as far as is known. */
  rate(): number;
}

/** What is left of the rate after a throttle. */
const CUT = 0.75;
/** The least part of the first rate: forty clusters that are all at work have that much each. */
const LEAST = 0.05;
/** For so long after a throttle our other writers keep their part: ms. */
const CROWDED_AFTER_THROTTLE_MS = 60_000;
/** Work has to have waited so long before more is tried; twice as long after each try that failed: ms. */
const FIRST_CALM_MS = 45_000;
const LONGEST_CALM_MS = 600_000;
/** More than the first rate is there only where AWS has raised it. It is tried after so many times as long. */
const RAISED_LATER = 4;
/** By this part the rate grows each second. */
const GROWTH = 0.03;
/** A rate that is above what was known to be good by more than this was a try. */
const TRIED = 1.02;
/** What a sum of parts of tokens may be off by. */
const ROUNDING = 1e-9;

/** All times in ms since the epoch. */
interface State {
  /** Tokens a second. */
  rate: number;
  /** The last rate that EC2 was not asked for more than. */
  good: number;
  balance: number;
  reserved: number;
  /** When the balance was computed. */
  at: number;
  readonly pause: Pause;
  calmMs: number;
  /** Since when less than half a bucket was there without a break. */
  busySince: number;
  crowdedUntil: number;
}

/**
 * Learns how many calls a second EC2 answers beside all others in the account: down at once where
 * it throttles, up slowly while work waits and nothing is throttled.
 */
export function createBucket(options: BucketOptions): Bucket {
  const { clock, capacity, perSecond } = options;
  const now = clock.now();
  const state: State = {
    ...{ rate: perSecond, good: perSecond, balance: capacity, reserved: 0, at: now },
    ...{ pause: createPause(clock), calmMs: FIRST_CALM_MS, busySince: now, crowdedUntil: 0 },
  };
  const refilled = (): State => {
    refill(state, options);
    return state;
  };
  return {
    waitFor: (tokens) => waitFor(refilled(), tokens, options),
    reserve(tokens) {
      state.reserved = Math.max(0, state.reserved + tokens);
    },
    spend() {
      refilled().balance -= 1;
    },
    answered: state.pause.answered,
    throttled: () => noteThrottle(refilled(), options),
    left() {
      const { balance, reserved } = refilled();
      return balance - reserved;
    },
    crowded(until) {
      refilled().crowdedUntil = Math.max(state.crowdedUntil, until);
    },
    rate: () => refilled().rate,
  };
}

function refill(state: State, options: BucketOptions): void {
  const { clock, capacity, most, perSecond, alone } = options;
  const now = clock.now();
  const seconds = (now - state.at) / 1_000;
  state.at = now;
  const times = now > state.crowdedUntil ? alone : 1;
  state.balance = Math.min(capacity, state.balance + seconds * state.rate * times);
  if (state.balance > capacity / 2) state.busySince = now;
  const calmSince = Math.max(state.busySince, state.pause.throttledAt());
  const calmMs = state.rate < perSecond ? state.calmMs : state.calmMs * RAISED_LATER;
  const triedSeconds = Math.max(0, now - calmSince - calmMs) / 1_000;
  state.rate = Math.min(most, state.rate + state.rate * GROWTH * Math.min(seconds, triedSeconds));
}

function waitFor(
  { balance, reserved, rate, pause }: State,
  tokens: number,
  { capacity }: BucketOptions,
): number {
  const missing = Math.min(tokens, capacity) - (balance - reserved);
  const refillMs = missing <= ROUNDING ? 0 : Math.ceil((missing / rate) * 1_000);
  return Math.max(pause.left(), refillMs);
}

function noteThrottle(state: State, { clock, reserve, perSecond }: BucketOptions): void {
  const again = state.pause.isOn();
  if (!state.pause.throttled()) return;
  // Who is throttled again and again learns nothing of a rate: EC2 answers nobody.
  if (!again && state.rate > state.good * TRIED) {
    state.rate = state.good;
    state.calmMs = Math.min(LONGEST_CALM_MS, 2 * state.calmMs);
  } else if (!again) {
    state.rate = Math.max(perSecond * LEAST, state.rate * CUT);
    state.good = state.rate;
  }
  state.crowdedUntil = clock.now() + CROWDED_AFTER_THROTTLE_MS;
  state.balance = Math.min(state.balance, -reserve);
}

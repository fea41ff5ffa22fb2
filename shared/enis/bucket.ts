import type { Clock } from '../time/clock.ts';
import { createPause, type Pause } from './pause.ts';

/** Of the account's bucket, what is ours: that of all our writers together. */
export interface BucketOptions {
  readonly clock: Clock;
  /** How many writers share it. Each has an equal part while others are at work. */
  readonly writers: number;
  /** What is saved up at most while nothing is sent. It is full at first. */
  readonly capacity: number;
  /** What is left to others; after a throttle it is saved up again first. */
  readonly reserve: number;
  /** Tokens a second at first. */
  readonly perSecond: number;
  /** Tokens a second that are tried at most, while work waits and nothing is throttled. */
  readonly most: number;
  /** A writer that believes itself alone has the parts of all. */
  readonly borrows: boolean;
}

/** What is believed of the tokens that EC2 has for one action. */
export interface Bucket {
  /**
   * How many milliseconds until this many tokens are there; for more than the bucket holds, until it is
   * full.
   *
   * @param ahead tokens that somebody takes first.
   */
  waitFor(tokens: number, ahead?: number): number;
  /** Somebody waits for this many tokens. @returns whether they are being asked for. */
  want(tokens: number): boolean;
  /** Nobody waits for tokens here. */
  idle(): void;
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
  /** Our other writers are at work, and need their parts for a while. */
  crowded(): void;
  /** Whether they are, as far as is known. */
  isCrowded(): boolean;
  /** This writer's part of the tokens that come each second, as far as is known. */
  rate(): number;
}

/** What is left of the rate after a throttle. */
const CUT = 0.75;
/** The least part of the first rate: forty clusters that are all at work have that much each. */
const LEAST = 0.05;
/** How long work that waits shows that the other writers are at work too. */
const CROWDED_MS = 5_000;
/** How long after a throttle our other writers keep their part. */
const CROWDED_AFTER_THROTTLE_MS = 60_000;
/**
 * How long work has to have waited before a higher rate is tried. The time doubles after each try that
 * failed.
 */
const FIRST_CALM_MS = 45_000;
const LONGEST_CALM_MS = 600_000;
/**
 * EC2 gives more than the first rate only if AWS has raised the limit. So that is tried after this many
 * times the usual wait.
 */
const RAISED_LATER = 4;
/** By this part the rate grows each second while work waits. */
const GROWTH = 0.03;
/** And by this part while none does: what a neighbour took long ago is not known to be taken still. */
const QUIET_GROWTH = 0.004;
/** A rate that is above what was known to be good by more than this was a try. */
const TRIED = 1.02;
/** What a sum of parts of tokens may be off by. */
const ROUNDING = 1e-9;

/** All times in ms of the monotonic clock. */
interface State {
  /** This writer's tokens a second. */
  rate: number;
  /** The last rate that EC2 was not asked for more than. */
  good: number;
  /** This writer's tokens; negative if it has borrowed. */
  balance: number;
  /** The tokens of the other writers, which it borrows while they have nothing to do. */
  others: number;
  reserved: number;
  /** When the balance was computed. */
  at: number;
  readonly pause: Pause;
  calmMs: number;
  /** Since when less than half a bucket was there without a break. */
  busySince: number;
  crowdedUntil: number;
}

/** What each writer has of the options. */
interface Part extends BucketOptions {
  /** What the others have at most. */
  readonly othersCapacity: number;
}

/**
 * Learns how many calls a second EC2 answers beside all others in the account: The rate falls at once
 * if EC2 throttles. It grows slowly while work waits and nothing is throttled, and goes back while
 * nothing is sent.
 */
export function createBucket(options: BucketOptions): Bucket {
  const { clock, writers, borrows } = options;
  const now = clock.monotonic();
  const part: Part = {
    ...{ clock, writers, borrows },
    capacity: options.capacity / writers,
    reserve: options.reserve / writers,
    perSecond: options.perSecond / writers,
    most: options.most / writers,
    othersCapacity: (options.capacity * (writers - 1)) / writers,
  };
  const state: State = {
    ...{ rate: part.perSecond, good: part.perSecond, balance: part.capacity, reserved: 0, at: now },
    others: part.othersCapacity,
    ...{
      pause: createPause(clock),
      calmMs: FIRST_CALM_MS,
      busySince: now,
      crowdedUntil: borrows ? -Infinity : Infinity,
    },
  };
  const refilled = (): State => {
    refill(state, part);
    return state;
  };
  const crowdFor = (ms: number): void => {
    const { at } = refilled();
    // It was believed to be alone, and others have their tokens: no more is owed than is saved up at most.
    if (at > state.crowdedUntil) state.balance = Math.max(state.balance, -part.capacity);
    state.crowdedUntil = Math.max(state.crowdedUntil, at + ms);
  };
  return {
    waitFor: (tokens, ahead = 0) => waitFor(refilled(), part, tokens, ahead),
    // What comes is ours without a word to anyone.
    want: () => false,
    idle() {},
    reserve(tokens) {
      state.reserved = Math.max(0, state.reserved + tokens);
    },
    spend() {
      refilled().balance -= 1;
      state.pause.trying();
    },
    answered: state.pause.answered,
    throttled() {
      if (noteThrottle(refilled(), part)) crowdFor(CROWDED_AFTER_THROTTLE_MS);
    },
    left: () => left(refilled()),
    crowded: () => crowdFor(CROWDED_MS),
    isCrowded: () => isCrowded(refilled()),
    rate: () => refilled().rate,
  };
}

function isCrowded({ at, crowdedUntil }: State): boolean {
  return at <= crowdedUntil;
}

function left(state: State): number {
  const { balance, others, reserved } = state;
  return balance + (isCrowded(state) ? 0 : others) - reserved;
}

function refill(state: State, part: Part): void {
  const { clock, writers, capacity, most, perSecond, othersCapacity } = part;
  const now = clock.monotonic();
  const seconds = (now - state.at) / 1_000;
  state.at = now;
  const own = seconds * state.rate;
  const ofOthers = own * (writers - 1);
  if (isCrowded(state)) {
    state.balance += own;
    // They are taken to have spent as much.
    state.others = (writers - 1) * Math.max(0, Math.min(capacity, state.balance));
  } else {
    const filled = Math.min(othersCapacity, state.others + ofOthers);
    state.balance += own + ofOthers - (filled - state.others);
    state.others = filled;
  }
  state.balance = Math.min(capacity, state.balance);
  const [there, most_] = isCrowded(state)
    ? [state.balance, capacity]
    : [state.balance + state.others, capacity * writers];
  if (there > most_ / 2) state.busySince = now;
  grow(state, seconds, { most, perSecond });
}

function grow(
  state: State,
  seconds: number,
  { most, perSecond }: Pick<Part, 'most' | 'perSecond'>,
): void {
  const { at, busySince, pause } = state;
  const calmMs = state.rate < perSecond ? state.calmMs : state.calmMs * RAISED_LATER;
  const grownFor = (since: number): number =>
    Math.min(seconds, Math.max(0, at - Math.max(since, pause.throttledAt()) - calmMs) / 1_000);
  const isBusy = busySince < at;
  if (isBusy || state.rate >= perSecond) {
    state.rate = Math.min(most, state.rate * (1 + GROWTH * grownFor(busySince)));
  } else {
    state.rate = Math.min(perSecond, state.rate * (1 + QUIET_GROWTH * grownFor(-Infinity)));
    state.good = Math.max(state.good, state.rate);
  }
}

function waitFor(state: State, { capacity, writers }: Part, tokens: number, ahead: number): number {
  const [held, rate] = isCrowded(state)
    ? [capacity, state.rate]
    : [capacity * writers, state.rate * writers];
  const missing = Math.min(tokens, held) + ahead - left(state);
  const refillMs = missing <= ROUNDING ? 0 : Math.ceil((missing / rate) * 1_000);
  return Math.max(state.pause.left(), refillMs);
}

/** @returns whether it says anything new. */
function noteThrottle(state: State, { reserve, perSecond }: Part): boolean {
  const again = state.pause.isOn();
  if (!state.pause.throttled()) return false;
  // Who is throttled again and again learns nothing of a rate: EC2 answers nobody.
  if (!again && state.rate > state.good * TRIED) {
    state.rate = state.good;
    state.calmMs = Math.min(LONGEST_CALM_MS, 2 * state.calmMs);
  } else if (!again) {
    state.rate = Math.max(perSecond * LEAST, state.rate * CUT);
    state.good = state.rate;
  }
  state.balance = Math.min(state.balance, -reserve);
  return true;
}

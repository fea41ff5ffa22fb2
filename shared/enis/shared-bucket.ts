import type { Clock, Random } from '../time/clock.ts';
import { type BookedCalls, balanceOf, type Limits, rateOf } from './booked-calls.ts';
import { ANSWER_MS, BookedOutError, type Bookings } from './bookings.ts';
import type { Bucket } from './bucket.ts';
import { createHand, type Hand } from './hand.ts';
import { createPause } from './pause.ts';

/** How long until a table that did not answer is asked again. The time doubles while that fails too. */
const FIRST_DOWN_MS = 1_000;
const LONGEST_DOWN_MS = 60_000;
/** How long until all who could not book have asked again, one by one. */
const SPREAD_MS = 5_000;
/** An execution counts on this part of what is left to all, as it does not know who else begins. */
const OURS = 0.25;

export interface SharedBucketOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: Limits;
  readonly bookings: Bookings;
  /** What is used while the table does not answer. */
  readonly alone: Bucket;
  /** Something was booked, or the table does not answer. */
  readonly onChange: () => void;
  /** The table did not answer. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * A bucket of which every execution of the account and Region books its calls in one table. Who has
 * booked knows when its calls are due, so that nobody asks again and again. While the table does not
 * answer, the bucket is the one that an execution learns alone.
 */
export function sharedBucket(options: SharedBucketOptions): Bucket {
  const { clock, limits, bookings, alone } = options;
  const pause = createPause(clock);
  const hand = createHand(clock);
  const desk = createDesk(options, hand);
  const wantedOf = (tokens: number): number => Math.min(tokens, limits.capacity);

  return {
    waitFor(tokens, ahead = 0) {
      if (desk.isDown()) return Math.max(pause.left(), alone.waitFor(tokens, ahead));
      const dueAt = hand.dueAt(wantedOf(tokens) + ahead) ?? desk.nextAt();
      return Math.max(0, pause.left(), dueAt - clock.monotonic());
    },
    want: (tokens) => desk.book(wantedOf(tokens) - hand.free()),
    idle() {
      const spare = Math.floor(hand.dropDue());
      // Where all is quiet nobody misses them. What is given back late is not worth a word.
      if (spare > 0 && !desk.isDown() && desk.balance() < limits.capacity / 2)
        bookings.giveBack(spare).catch(() => undefined);
    },
    reserve(tokens) {
      hand.reserve(tokens);
      alone.reserve(tokens);
    },
    spend() {
      if (desk.isDown() || alone.left() >= 1) alone.spend();
      if (!desk.isDown()) hand.spend();
    },
    answered() {
      pause.answered();
      alone.answered();
    },
    throttled() {
      alone.throttled();
      if (!pause.throttled() || desk.isDown()) return;
      bookings.throttled().then(desk.learned, () => undefined);
    },
    left() {
      if (desk.isDown()) return alone.left();
      return hand.freeNow() + Math.max(0, desk.balance() - (1 - OURS) * limits.capacity);
    },
    crowded: alone.crowded,
    isCrowded: () =>
      desk.isDown() ? alone.isCrowded() : desk.balance() < (1 - OURS) * limits.capacity,
    rate: () => (desk.isDown() ? alone.rate() : desk.rate()),
  };
}

/** Books calls, as far as the table answers. */
function createDesk(options: SharedBucketOptions, hand: Hand) {
  const { clock, random, limits, bookings, onChange, onFailure } = options;
  let booked: BookedCalls = {};
  /** Tokens that are being booked. */
  let asked = 0;
  let askAgainAt = 0;
  let downUntil = 0;
  let downMs = FIRST_DOWN_MS;

  const isDown = (): boolean => clock.monotonic() < downUntil;
  const learned = (known: BookedCalls): void => {
    booked = known;
    downMs = FIRST_DOWN_MS;
  };
  const failed = (error: unknown): void => {
    if (error instanceof BookedOutError) {
      learned(error.booked);
      askAgainAt = clock.monotonic() + error.afterMs + random() * SPREAD_MS;
      return;
    }
    downUntil = clock.monotonic() + downMs;
    downMs = Math.min(LONGEST_DOWN_MS, 2 * downMs);
    onFailure(error);
  };
  const ask = async (tokens: number): Promise<void> => {
    asked += tokens;
    try {
      const booking = await bookings.book(tokens);
      learned(booking.booked);
      hand.add(booking.dueAt, tokens);
    } catch (error) {
      failed(error);
    }
    asked -= tokens;
    onChange();
  };
  return {
    isDown,
    learned,
    /** Books what is missing, and is not being booked yet. @returns whether something is. */
    book(missing: number): boolean {
      const canAsk = !isDown() && clock.monotonic() >= askAgainAt;
      if (canAsk && missing > asked) void ask(missing - asked);
      return asked > 0;
    },
    /** When something may be booked, ms since the epoch. */
    nextAt: () => Math.max(askAgainAt, clock.monotonic() + ANSWER_MS),
    balance: () => balanceOf(booked, limits, bookings.now()),
    rate: () => rateOf(booked, limits, bookings.now()),
  };
}

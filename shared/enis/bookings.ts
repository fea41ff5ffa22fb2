import * as z from 'zod';
import type { Clock } from '../time/clock.ts';
import { withDeadline } from '../time/deadline.ts';
import { afterThrottle, type BookedCalls, type Limits, rateOf } from './booked-calls.ts';
import type { WritingAction } from './writing-actions.ts';

/** An answer of DynamoDB. */
export interface TableAnswer {
  readonly status: number;
  readonly body: unknown;
  /** DynamoDB's own time, ms since the epoch, to the second. */
  readonly date?: number;
}

/** Sends one `UpdateItem`. Rejects if DynamoDB does not answer. */
export type UpdateItem = (input: object, signal: AbortSignal) => Promise<TableAnswer>;

/** Calls that were booked. */
export interface Booking {
  /** When they may be sent, ms of the monotonic clock. */
  readonly dueAt: number;
  /** What is left for others after that. */
  readonly booked: BookedCalls;
}

/** The bookings of one action. All of it rejects if the table does not answer in time. */
export interface Bookings {
  /** Books calls. @throws BookedOutError if that is too far ahead. */
  book(tokens: number): Promise<Booking>;
  /** Gives back what was booked and is not needed. */
  giveBack(tokens: number): Promise<void>;
  /** EC2 throttled a call. @returns what the table says since. */
  throttled(): Promise<BookedCalls>;
  /** Milliseconds since the epoch by the table's clock. */
  now(): number;
}

/** The next calls that could be booked are too far ahead. */
export class BookedOutError extends Error {
  override readonly name = 'BookedOutError';
  /** When to ask again, ms from now. */
  readonly afterMs: number;
  readonly booked: BookedCalls;

  constructor(afterMs: number, booked: BookedCalls) {
    super(`EC2's calls are booked for longer than ${FARTHEST_MS / 1_000} s`);
    this.afterMs = afterMs;
    this.booked = booked;
  }
}

/** How long an execution waits for an answer. */
export const ANSWER_MS = 100;
/** How far ahead calls are booked at most. */
const FARTHEST_MS = 10_000;
/**
 * How much two clocks may differ and still agree. Lambda's clocks agree better, and an HTTP date is
 * that coarse.
 */
const SAME_TIME_MS = 1_500;
/** Each attempt knows better what the table says; then somebody else is faster each time. */
const ATTEMPTS = 4;

const number = z
  .object({ N: z.string() })
  .transform(({ N }) => Number(N))
  .pipe(z.number());
/** An item of the table, but for its key. */
export const bookedItem = z.object({
  spentUntil: number.optional(),
  perSecond: number.optional(),
  cutAt: number.optional(),
  calmMs: number.optional(),
});
const updated = z.object({ Attributes: bookedItem });
/** `Item` is what a condition was not true of; there is none if there is no item. */
const refused = z.object({ __type: z.string(), Item: bookedItem.optional() });

/** One conditional write. */
interface Write {
  readonly set: string;
  readonly when: string;
  readonly values: Readonly<Record<string, number>>;
}

export interface BookingsOptions {
  readonly clock: Clock;
  readonly table: string;
  readonly action: WritingAction;
  readonly limits: Limits;
  readonly updateItem: UpdateItem;
}

/** Bookings in a table of DynamoDB that all executions of an account and Region share. */
export function createBookings(options: BookingsOptions): Bookings {
  const { limits } = options;
  const item = itemOf(options);
  const { now } = item;
  return {
    now,
    async book(tokens) {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        const asks = item.isKnown() ? bookingOf : addition;
        const isBooked = await item.write(asks(item.booked(), limits, tokens, now()));
        const booked = item.booked();
        const aheadMs = (booked.spentUntil ?? 0) - now();
        if (isBooked) return { dueAt: options.clock.monotonic() + aheadMs, booked };
        if (aheadMs >= FARTHEST_MS && aheadMs < neverMs(booked, limits, now())) {
          throw new BookedOutError(aheadMs - FARTHEST_MS, booked);
        }
      }
      throw new Error('the bookings changed under each attempt to book');
    },
    async giveBack(tokens) {
      const cost = costOf(item.booked(), limits, tokens, now());
      const values = { ':cost': cost, ':now': now() };
      await item.write({
        set: 'spentUntil = spentUntil - :cost',
        when: 'spentUntil > :now',
        values,
      });
    },
    async throttled() {
      const cut = cutOf(item.booked(), limits, now());
      if (cut !== undefined) await item.write(cut);
      const drained = now() + costOf(item.booked(), limits, limits.reserve, now());
      await item.write({
        set: 'spentUntil = :drained',
        when: 'attribute_not_exists(spentUntil) OR spentUntil < :drained',
        values: { ':drained': drained },
      });
      return item.booked();
    },
  };
}

/** The item of an action, as the last answer showed it, and the table's clock. */
function itemOf({ clock, table, action, updateItem }: BookingsOptions) {
  let known: BookedCalls | undefined;
  let offsetMs = 0;
  return {
    now: () => clock.now() + offsetMs,
    isKnown: () => known !== undefined,
    booked: () => known ?? {},
    /** @returns whether it was written. What the table says is known either way. */
    async write({ set, when, values }: Write): Promise<boolean> {
      const sentAt = clock.now();
      const input = {
        TableName: table,
        Key: { action: { S: action } },
        UpdateExpression: `SET ${set}`,
        ConditionExpression: when,
        ExpressionAttributeValues: Object.fromEntries(
          Object.entries(values).map(([name, value]) => [name, { N: String(value) }]),
        ),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      };
      const { status, body, date } = await withDeadline(clock, ANSWER_MS, undefined, (signal) =>
        updateItem(input, signal),
      );
      if (date !== undefined) offsetMs = offsetOf(date, (sentAt + clock.now()) / 2);
      if (status === 200) {
        known = updated.parse(body).Attributes;
        return true;
      }
      const { __type, Item = {} } = refused.parse(body);
      if (!__type.endsWith('ConditionalCheckFailedException')) {
        throw new Error(`DynamoDB: ${__type}`);
      }
      known = Item;
      return false;
    },
  };
}

/** A lower rate, unless somebody else has lowered it meanwhile; `undefined`: nothing new. */
function cutOf(known: BookedCalls, limits: Limits, now: number): Write | undefined {
  const cut = afterThrottle(known, limits, now);
  if (cut === undefined) return undefined;
  return {
    set: 'perSecond = :perSecond, cutAt = :cutAt, calmMs = :calmMs',
    when: 'attribute_not_exists(cutAt) OR cutAt = :knownCut',
    values: {
      ':perSecond': cut.perSecond,
      ':cutAt': cut.cutAt,
      ':calmMs': cut.calmMs,
      ':knownCut': known.cutAt ?? 0,
    },
  };
}

/** Books after what is booked already; or anew, if all that can be saved up was, or the bookings are wrong. */
function bookingOf(known: BookedCalls, limits: Limits, tokens: number, now: number): Write {
  const cost = costOf(known, limits, tokens, now);
  const full = now - costOf(known, limits, limits.capacity, now);
  const { spentUntil } = known;
  const never = now + neverMs(known, limits, now);
  if (spentUntil !== undefined && spentUntil >= full && spentUntil <= never) {
    return addition(known, limits, tokens, now);
  }
  return {
    set: 'spentUntil = :booked',
    when: 'attribute_not_exists(spentUntil) OR spentUntil < :full OR spentUntil > :never',
    values: { ':booked': full + cost, ':full': full, ':never': never },
  };
}

/**
 * Books after what is booked already. Of bookings that are not known yet it says nothing about time that its
 * condition does not check: the answer tells the table's time.
 */
function addition(known: BookedCalls, limits: Limits, tokens: number, now: number): Write {
  const cost = costOf(known, limits, tokens, now);
  const full = now - costOf(known, limits, limits.capacity, now);
  return {
    set: 'spentUntil = spentUntil + :cost',
    when: 'spentUntil >= :full AND spentUntil < :farthest',
    values: { ':cost': cost, ':full': full, ':farthest': now + FARTHEST_MS },
  };
}

/** How many milliseconds ahead nothing is ever booked, unless the bookings are wrong. */
function neverMs(known: BookedCalls, limits: Limits, now: number): number {
  return FARTHEST_MS + costOf(known, limits, limits.capacity + limits.reserve, now);
}

/** How many milliseconds tokens take to come. */
function costOf(known: BookedCalls, limits: Limits, tokens: number, now: number): number {
  return Math.ceil((tokens / rateOf(known, limits, now)) * 1_000);
}

function offsetOf(date: number, clockMs: number): number {
  // An HTTP date leaves out the part of the second.
  const offset = date + 500 - clockMs;
  return Math.abs(offset) > SAME_TIME_MS ? offset : 0;
}

import type { Clock } from '../time/clock.ts';
import { type Bucket, type BucketOptions, createBucket } from './bucket.ts';
import type { Ec2 } from './ec2.ts';
import { isThrottled } from './ec2-errors.ts';
import {
  assigns,
  BUDGETED_ACTIONS,
  type BudgetedAction,
  budgetedActionOf,
  READ,
  WRITING_ACTIONS,
  type WritingAction,
} from './writing-actions.ts';

/**
 * The actions that have a budget, each with AWS's default bucket: tokens, and tokens a second. It is
 * shared by all who call in the account and Region, the VPC CNI among them
 * (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
 */
const BUCKETS: Readonly<Record<BudgetedAction, BucketSize>> = {
  AssignPrivateIpAddresses: { tokens: 100, perSecond: 5 },
  AssignIpv6Addresses: { tokens: 100, perSecond: 5 },
  UnassignPrivateIpAddresses: { tokens: 100, perSecond: 5 },
  UnassignIpv6Addresses: { tokens: 50, perSecond: 5 },
  DescribeNetworkInterfaces: { tokens: 100, perSecond: 20 },
};

interface BucketSize {
  readonly tokens: number;
  readonly perSecond: number;
}

/** How many calls of each action. */
export type Calls = Readonly<Partial<Record<WritingAction, number>>>;

/** How many of each bucket's tokens are left to others. */
const RESERVE = 10;

/** Calls that somebody may send. */
export interface ReservedCalls {
  /** Reserves what it does not cover yet of `calls`, if all of that is there. @returns whether it is. */
  extend(calls: Calls): boolean;
  /** Gives back what was not used. */
  end(): void;
}

/** What this execution environment may spend of EC2's calls. */
export interface CallBudget {
  /**
   * Milliseconds until what `calls` rest on can be read and they can be reserved; 0: now. More than a
   * bucket holds counts as a full one.
   *
   * @param ahead calls that others are to have first.
   */
  waitFor(calls: Calls, ahead?: Calls): number;
  /** The same, without the read. */
  waitForWrites(calls: Calls, ahead?: Calls): number;
  /** Milliseconds until ENIs can be read; 0: now. */
  waitForRead(): number;
  /** Reserves calls, whether they are there or not: `waitFor` says so. */
  reserve(calls: Calls): ReservedCalls;
  /** Calls a second that are believed to be this environment's, of the scarcest of these actions. */
  rate(calls: Calls): number;
  /** How many times these calls could be sent now; of no calls, infinitely often. */
  times(calls: Calls): number;
  /** Work waits: the other writers need their part for a while. */
  crowded(): void;
  /** Whether they are at work, as far as is known. */
  isCrowded(): boolean;
  /** Work waits for these calls. @returns whether it waits only until they are asked for. */
  want(calls: Calls): boolean;
  /** No work waits. */
  idle(): void;
  /** Calls a listener each time when calls may be there sooner than `waitFor` said. */
  onChange(listener: () => void): void;
  /** The same client; its calls use the budget, and their answers teach it. */
  spending(ec2: Ec2): Ec2;
}

/** What of EC2's buckets the product may use. */
export interface BudgetSettings {
  /** How many execution environments share it; each has its part. */
  readonly writers: number;
  /** The part of AWS's default buckets that is ours, from 0 to 1. */
  readonly share?: number;
  /** Calls a second of each action that assigns or unassigns that the account is known to have, instead of AWS's default. */
  readonly maxPerSecond?: number;
  /** The table of DynamoDB in which all executions of the account and Region book their calls. */
  readonly table?: string;
}

export interface BudgetOptions extends BudgetSettings {
  readonly clock: Clock;
  /** Default: buckets that know this environment's calls alone. */
  readonly bucketOf?: MakeBucket | undefined;
}

/**
 * Makes the bucket of an action.
 *
 * @param onChange is called when tokens may be there sooner than the bucket said.
 */
export type MakeBucket = (
  action: BudgetedAction,
  options: BucketOptions,
  onChange: () => void,
) => Bucket;

/** The budget of one execution environment, of which `writers` are at work at most. */
export function callBudget(options: BudgetOptions): CallBudget {
  const { bucketOf = (_, of) => createBucket(of) } = options;
  let changed = (): void => {};
  const bucketFor = (action: BudgetedAction): Bucket =>
    bucketOf(action, bucketOptions(action, options), () => changed());
  const buckets: Buckets = {
    AssignPrivateIpAddresses: bucketFor('AssignPrivateIpAddresses'),
    AssignIpv6Addresses: bucketFor('AssignIpv6Addresses'),
    UnassignPrivateIpAddresses: bucketFor('UnassignPrivateIpAddresses'),
    UnassignIpv6Addresses: bucketFor('UnassignIpv6Addresses'),
    DescribeNetworkInterfaces: bucketFor('DescribeNetworkInterfaces'),
  };
  const all = BUDGETED_ACTIONS.map((action) => buckets[action]);
  const waitForRead = (): number => buckets[READ].waitFor(1);
  const waitForWrites = (calls: Calls, ahead: Calls = {}): number =>
    Math.max(
      0,
      ...entriesOf(calls).map(([action, count]) => buckets[action].waitFor(count, ahead[action])),
    );

  return {
    waitForRead,
    waitForWrites,
    waitFor: (calls, ahead) => Math.max(waitForRead(), waitForWrites(calls, ahead)),
    reserve: (calls) => reserve(buckets, calls),
    rate: (calls) => Math.min(...entriesOf(calls).map(([action]) => buckets[action].rate())),
    times: (calls) =>
      Math.min(...entriesOf(calls).map(([action, count]) => buckets[action].left() / count)),
    crowded() {
      for (const bucket of all) bucket.crowded();
    },
    isCrowded: () => buckets[READ].isCrowded() || buckets.AssignPrivateIpAddresses.isCrowded(),
    want: (calls) =>
      entriesOf(calls)
        .map(([action, count]) => buckets[action].want(count))
        .includes(true),
    idle() {
      for (const bucket of all) bucket.idle();
    },
    onChange(listener) {
      changed = listener;
    },
    spending: (ec2) => ({ send: taught(ec2, buckets) }),
  };
}

function bucketOptions(
  action: BudgetedAction,
  { clock, writers, share = 1, maxPerSecond }: BudgetOptions,
): BucketOptions {
  const { tokens, perSecond } = BUCKETS[action];
  const known = action === READ ? undefined : maxPerSecond;
  const rate = known ?? perSecond;
  return {
    ...{ clock, writers },
    // Nobody waits for what is released.
    borrows: action === READ || assigns(action),
    // As AWS raises limits: what can be saved up grows with the refill.
    capacity: share * (tokens - RESERVE) * (rate / perSecond),
    reserve: share * RESERVE,
    perSecond: share * rate,
    // Who says how much is there, or is ours, wants no more to be tried.
    most: known === undefined && share === 1 ? Infinity : share * rate,
  };
}

function reserve(buckets: Buckets, calls: Calls): ReservedCalls {
  const reserved = new Map<WritingAction, number>();
  const add = (more: Calls): void => {
    for (const [action, count] of entriesOf(more)) {
      reserved.set(action, (reserved.get(action) ?? 0) + count);
      buckets[action].reserve(count);
    }
  };
  add(calls);
  return {
    extend(wanted) {
      const more = entriesOf(wanted).flatMap(([action, count]) => {
        const missing = count - (reserved.get(action) ?? 0);
        return missing > 0 ? [[action, missing] as const] : [];
      });
      if (more.some(([action, count]) => buckets[action].waitFor(count) > 0)) return false;
      add(Object.fromEntries(more));
      return true;
    },
    end() {
      for (const [action, count] of reserved) buckets[action].reserve(-count);
      reserved.clear();
    },
  };
}

type Buckets = Readonly<Record<BudgetedAction, Bucket>>;

/** The client's `send`, of which the calls are counted and the answers heard. */
function taught(ec2: Ec2, buckets: Buckets): Ec2['send'] {
  return new Proxy(ec2.send.bind(ec2), {
    apply(target, self, args: unknown[]) {
      const action = budgetedActionOf(args[0]);
      const answer: unknown = Reflect.apply(target, self, args);
      if (action === undefined) return answer;
      const bucket = buckets[action];
      bucket.spend();
      Promise.resolve(answer).then(bucket.answered, (error: unknown) =>
        isThrottled(error) ? bucket.throttled() : bucket.answered(),
      );
      return answer;
    },
  });
}

function entriesOf(calls: Calls): [WritingAction, number][] {
  return WRITING_ACTIONS.flatMap((action) => {
    const count = calls[action] ?? 0;
    return count > 0 ? [[action, count]] : [];
  });
}

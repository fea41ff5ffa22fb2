import type { Clock } from '../time/clock.ts';
import { type Bucket, createBucket } from './bucket.ts';
import type { Ec2 } from './ec2.ts';
import { isThrottled } from './ec2-errors.ts';
import { createPause, type Pause } from './pause.ts';
import {
  assigns,
  WRITING_ACTIONS,
  type WritingAction,
  writingActionOf,
} from './writing-actions.ts';

/**
 * The actions that have a budget, each with AWS's default bucket: tokens, and tokens a second. It is
 * shared by all who call in the account and Region, the VPC CNI among them
 * (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
 */
const BUCKETS = {
  AssignPrivateIpAddresses: { tokens: 100, perSecond: 5 },
  AssignIpv6Addresses: { tokens: 100, perSecond: 5 },
  UnassignPrivateIpAddresses: { tokens: 100, perSecond: 5 },
  UnassignIpv6Addresses: { tokens: 50, perSecond: 5 },
} as const satisfies Readonly<Record<WritingAction, unknown>>;

/** How many calls of each action. */
export type Calls = Readonly<Partial<Record<WritingAction, number>>>;

/** Of each bucket's tokens, so many are left to others. */
const RESERVE = 10;

/** For so long work that waits shows that the other writers are at work too: ms. */
const CROWDED_MS = 5_000;

/** Calls that somebody may send. */
export interface ReservedCalls {
  /** Reserves what it does not cover yet of `calls`, if all of that is there. @returns whether it is. */
  extend(calls: Calls): boolean;
  /** Gives back what was not used. */
  end(): void;
}

/** What this execution environment may spend of EC2's writing calls. */
export interface CallBudget {
  /**
   * Milliseconds until what `calls` rest on can be read and they can be reserved; 0: now. More than a
   * bucket holds counts as a full one.
   */
  waitFor(calls: Calls): number;
  /** Reserves calls, which are read for at once, whether they are there or not: `waitFor` says so. */
  reserve(calls: Calls): ReservedCalls;
  /** Calls a second that are believed to be this environment's, of the scarcest of these actions. */
  rate(calls: Calls): number;
  /** How many times these calls could be sent now; of no calls, infinitely often. */
  times(calls: Calls): number;
  /** Work waits: the other writers need their part for a while. */
  crowded(): void;
  /** The same client; its writing calls use the budget, and the answers of all calls teach it. */
  spending(ec2: Ec2): Ec2;
}

/** What of EC2's buckets the product may use. */
export interface BudgetSettings {
  /** How many execution environments share it; each has its part. */
  readonly writers: number;
  /** The part of AWS's default buckets that is ours, from 0 to 1. */
  readonly share?: number;
  /** Calls a second of each action that the account is known to have, instead of AWS's default. */
  readonly maxPerSecond?: number;
}

/** The budget of one execution environment, of which `writers` are at work at most. */
export function callBudget({
  clock,
  writers,
  share = 1,
  maxPerSecond,
}: BudgetSettings & { readonly clock: Clock }): CallBudget {
  const bucketFor = (action: WritingAction): Bucket => {
    const { tokens, perSecond } = BUCKETS[action];
    const rate = maxPerSecond ?? perSecond;
    return createBucket({
      clock,
      // As AWS raises limits: what can be saved up grows with the refill.
      capacity: (share * (tokens - RESERVE) * (rate / perSecond)) / writers,
      reserve: (share * RESERVE) / writers,
      perSecond: (share * rate) / writers,
      // Nobody waits for what is released.
      alone: assigns(action) ? Math.min(writers, 2) : 1,
      // Who says how much is there, or is ours, wants no more to be tried.
      most: maxPerSecond === undefined && share === 1 ? Infinity : (share * rate) / writers,
    });
  };
  const buckets: Buckets = {
    AssignPrivateIpAddresses: bucketFor('AssignPrivateIpAddresses'),
    AssignIpv6Addresses: bucketFor('AssignIpv6Addresses'),
    UnassignPrivateIpAddresses: bucketFor('UnassignPrivateIpAddresses'),
    UnassignIpv6Addresses: bucketFor('UnassignIpv6Addresses'),
  };
  // Nothing counts reads: their buckets are four times as large. But where EC2 throttles them, it may throttle all.
  const reads = createPause(clock);

  return {
    waitFor: (calls) =>
      Math.max(
        reads.left(),
        ...entriesOf(calls).map(([action, count]) => buckets[action].waitFor(count)),
      ),
    reserve(calls) {
      reads.trying();
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
    },
    rate: (calls) => Math.min(...entriesOf(calls).map(([action]) => buckets[action].rate())),
    times: (calls) =>
      Math.min(...entriesOf(calls).map(([action, count]) => buckets[action].left() / count)),
    crowded() {
      for (const bucket of Object.values(buckets)) bucket.crowded(clock.now() + CROWDED_MS);
    },
    spending: (ec2) => ({ send: taught(ec2, buckets, reads) }),
  };
}

type Buckets = Readonly<Record<WritingAction, Bucket>>;

/** The client's `send`, of which the calls are counted and the answers heard. */
function taught(ec2: Ec2, buckets: Buckets, reads: Pause): Ec2['send'] {
  return new Proxy(ec2.send.bind(ec2), {
    apply(target, self, args: unknown[]) {
      const action = writingActionOf(args[0]);
      const learner = action === undefined ? reads : buckets[action];
      if (action !== undefined) buckets[action].spend();
      const answer: unknown = Reflect.apply(target, self, args);
      Promise.resolve(answer).then(
        () => learner.answered(),
        (error: unknown) => void (isThrottled(error) ? learner.throttled() : learner.answered()),
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

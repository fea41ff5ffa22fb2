import type { Clock } from '../../shared/time/clock.ts';

export interface BucketSize {
  readonly tokens: number;
  readonly refillPerSecond: number;
}

export interface Throttle {
  /** Begins to throttle, with every bucket full; `sizes` overrides AWS's defaults by action. */
  enable(sizes?: Readonly<Record<string, BucketSize>>): void;
  disable(): void;
  /** Takes a token for one call; false if the bucket is empty. */
  take(action: string, params?: URLSearchParams): boolean;
  /** Whether a call would find a token; none is taken. */
  has(action: string, params?: URLSearchParams): boolean;
}

/**
 * AWS's defaults per account and region, as far as the sandbox knows the actions.
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
const MUTATING: BucketSize = { tokens: 50, refillPerSecond: 5 };
const NON_MUTATING: BucketSize = { tokens: 100, refillPerSecond: 20 };
const UNBOUNDED: BucketSize = { tokens: 50, refillPerSecond: 10 };

/** The actions that use a smaller bucket if they are called with neither filter nor page size. */
const UNBOUNDED_ACTIONS = [
  'DescribeInstances',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'DescribeSecurityGroups',
  'DescribeSnapshots',
  'DescribeSpotInstanceRequests',
  'DescribeVolumes',
];

/** "Uncategorized": those with sizes of their own. */
const OWN: Readonly<Record<string, BucketSize>> = {
  AssignIpv6Addresses: { tokens: 100, refillPerSecond: 5 },
  AssignPrivateIpAddresses: { tokens: 100, refillPerSecond: 5 },
  CreateTags: { tokens: 100, refillPerSecond: 10 },
  DeleteTags: { tokens: 100, refillPerSecond: 10 },
  UnassignPrivateIpAddresses: { tokens: 100, refillPerSecond: 5 },
};

/** One token bucket per action; seven of them have another for calls without filter and page size. */
export function createThrottle(clock: Clock): Throttle {
  let sizes: Readonly<Record<string, BucketSize>> | undefined;
  const buckets = new Map<string, { tokens: number; at: number }>();

  /** The bucket of a call, filled up to now; `undefined` if the action has none. */
  const bucketOf = (action: string, params: URLSearchParams) => {
    if (sizes === undefined) return undefined;
    const unbounded = UNBOUNDED_ACTIONS.includes(action) && !isBounded(params);
    const size = sizes[action] ?? defaultSize(action, unbounded);
    const name = unbounded ? `${action} of everything` : action;
    const now = clock.now();
    const bucket = buckets.get(name) ?? { tokens: size.tokens, at: now };
    const refilled = bucket.tokens + ((now - bucket.at) / 1000) * size.refillPerSecond;
    return { name, tokens: Math.min(size.tokens, refilled), at: now };
  };

  return {
    enable(overrides = {}) {
      sizes = overrides;
      buckets.clear();
    },
    disable() {
      sizes = undefined;
    },
    take(action, params = new URLSearchParams()) {
      const bucket = bucketOf(action, params);
      if (bucket === undefined) return true;
      const { name, tokens, at } = bucket;
      const taken = tokens >= 1;
      buckets.set(name, { tokens: taken ? tokens - 1 : tokens, at });
      return taken;
    },
    has(action, params = new URLSearchParams()) {
      const { tokens = 1 } = bucketOf(action, params) ?? {};
      return tokens >= 1;
    },
  };
}

function isBounded(params: URLSearchParams): boolean {
  return [...params.keys()].some((name) => name === 'MaxResults' || name.startsWith('Filter.'));
}

function defaultSize(action: string, unbounded: boolean): BucketSize {
  if (unbounded) return UNBOUNDED;
  const reads = /^(Describe|List|Search|Get)/.test(action);
  return OWN[action] ?? (reads ? NON_MUTATING : MUTATING);
}

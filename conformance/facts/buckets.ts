import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { isThrottled } from '../../shared/enis/ec2-errors.ts';
import { sleep } from '../../shared/time/clock.ts';
import { answerOf, assign, unassign } from '../calls.ts';
import type { Check, Seen } from '../check.ts';
import { emptied, type Lab, READS } from '../lab.ts';
import { NotMadeError } from '../not-made.ts';
import { THROTTLING } from './sources.ts';

/** A token bucket as AWS documents it. */
interface Bucket {
  readonly id: string;
  readonly action: string;
  readonly tokens: number;
  readonly perSecond: number;
  readonly call: (lab: Lab) => Promise<unknown>;
}

/** How many calls are under way at a time. One after the other would not outrun the refill. */
const AT_ONCE = 25;
/** How long the bucket refills before it is drained a second time. */
const PAUSE_MS = 2_000;
/** The part of a figure that has to be seen. Others call too, and a measurement has an error. */
const TOLERANCE = 0.7;

const byIds = (lab: Lab) =>
  lab.ec2.send(new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [lab.id('a')] }));
const byFilter = (lab: Lab) =>
  lab.ec2.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'network-interface-id', Values: [lab.id('a')] }],
      MaxResults: 1000,
    }),
  );

const BUCKETS: readonly Bucket[] = [
  {
    id: 'assign',
    action: 'AssignPrivateIpAddresses',
    tokens: 100,
    perSecond: 5,
    call: (lab) => assign(lab, lab.id('a'), lab.free(1)),
  },
  {
    id: 'unassign',
    action: 'UnassignPrivateIpAddresses, even if the call is refused',
    tokens: 100,
    perSecond: 5,
    call: (lab) => unassign(lab, lab.id('a'), lab.free(2).slice(1)),
  },
  {
    id: 'assign-ipv6',
    action: 'AssignIpv6Addresses',
    tokens: 100,
    perSecond: 5,
    call: (lab) => assign(lab, lab.id('a'), lab.free6(1)),
  },
  {
    id: 'unassign-ipv6',
    action: 'UnassignIpv6Addresses, which is not listed',
    tokens: 50,
    perSecond: 5,
    call: (lab) => unassign(lab, lab.id('a'), lab.free6(2).slice(1)),
  },
  {
    id: 'describe',
    action: 'DescribeNetworkInterfaces with a filter or a page size',
    tokens: 100,
    perSecond: 20,
    call: byFilter,
  },
  {
    id: 'describe-everything',
    action: 'DescribeNetworkInterfaces with neither filter nor page size',
    tokens: 50,
    perSecond: 10,
    call: byIds,
  },
];

interface Burst {
  /** Calls that found a token. */
  readonly passed: number;
  /** When the first call found none, ms since the epoch: then the bucket was empty. */
  readonly emptyAt: number | undefined;
}

/** Calls until one is throttled, `most` times at most. */
async function burst(lab: Lab, call: Bucket['call'], most: number): Promise<Burst> {
  let passed = 0;
  let emptyAt: number | undefined;
  for (let sent = 0; sent < most && emptyAt === undefined; sent += AT_ONCE) {
    const one = async (): Promise<void> => {
      if (!(await throttles(lab, call))) passed += 1;
      else emptyAt ??= lab.clock.now();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }
  return { passed, emptyAt };
}

async function throttles(lab: Lab, call: Bucket['call']): Promise<boolean> {
  lab.signal?.throwIfAborted();
  try {
    await answerOf([], () => call(lab));
    return false;
  } catch (error) {
    if (isThrottled(error)) return true;
    if (error instanceof NotMadeError || lab.signal?.aborted) throw error;
    // Whatever else went wrong, the call had its token.
    return false;
  }
}

const firstBurst = ({ tokens }: Bucket): number => roundUp(tokens * 1.5);
const secondBurst = ({ perSecond }: Bucket): number => roundUp(perSecond * 4);

function roundUp(calls: number): number {
  return Math.ceil(calls / AT_ONCE) * AT_ONCE;
}

/** From one moment at which the bucket is empty to the next, as much is taken as comes in. */
async function measure(lab: Lab, bucket: Bucket): Promise<Seen> {
  await emptied(lab);
  const once = { ...lab, ec2: lab.once };
  const begin = lab.clock.now();
  const first = await burst(once, bucket.call, firstBurst(bucket));
  if (first.emptyAt === undefined) {
    return { asExpected: false, seen: `none of ${first.passed} calls was throttled` };
  }
  await sleep(lab.clock, PAUSE_MS, lab.signal);
  const second = await burst(once, bucket.call, secondBurst(bucket));
  const end = second.emptyAt ?? lab.clock.now();
  const perSecond = (second.passed * 1000) / (end - first.emptyAt);
  const tokens = first.passed - (perSecond * (first.emptyAt - begin)) / 1000;
  return {
    asExpected: tokens >= bucket.tokens * TOLERANCE && perSecond >= bucket.perSecond * TOLERANCE,
    seen: `about ${Math.round(tokens)} tokens, ${perSecond.toFixed(1)} a second`,
  };
}

/** What the token buckets of the account hold. Each of these empties one. */
export const MEASURED: readonly Check[] = BUCKETS.map((bucket) => ({
  id: `bucket-${bucket.id}`,
  fact: `The bucket of ${bucket.action}`,
  expected: `${bucket.tokens} tokens, ${bucket.perSecond} a second, or more`,
  source: THROTTLING,
  restsOn: 'sandbox/ec2/throttle.ts',
  calls: firstBurst(bucket) + secondBurst(bucket) + 2 * READS,
  drains: true,
  run: (lab) => measure(lab, bucket),
}));

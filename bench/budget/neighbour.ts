import type { Throttle } from '../../sandbox/ec2/throttle.ts';
import type { Clock, Random } from '../../shared/time/clock.ts';

/** Somebody else in the account, such as the VPC CNI, who makes Assign calls. */
export interface Neighbour {
  /** How many at once. */
  readonly calls: number;
  readonly everyMs: number;
}

/** What became of a neighbour's calls so far. */
export interface NeighbourFigures {
  /** Per cent of its calls that EC2 throttled at the first try; without a neighbour: of the seconds that had no token. */
  readonly neighbourRefused: number;
  /** How long one of its calls waited for a token at most. */
  readonly neighbourDelayMs: number;
  /** Calls that it gave up. */
  readonly neighbourLost: number;
}

const LOOK_EVERY_MS = 1_000;
const ACTIONS = ['AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'];
/**
 * A throttled call is tried ten times. Between two tries it waits from half a second to a second, and twice as
 * long each time (AWS SDK for Go, `DefaultRetryer`: `DefaultRetryerMinThrottleDelay`; amazon-vpc-cni-k8s,
 * pkg/awsutils/awssession: `maxRetries`).
 */
const TRIES = 10;
const FIRST_MS = 500;

/** Starts the neighbour. If there is none, only looks each second whether one would be throttled. */
export function startNeighbour(
  clock: Clock,
  random: Random,
  throttle: Throttle,
  neighbour: Neighbour | undefined,
): () => NeighbourFigures {
  let calls = 0;
  let refused = 0;
  let delayMs = 0;
  let lost = 0;
  const call = (since: number, tries: number): void => {
    if (throttle.take('AssignPrivateIpAddresses')) {
      delayMs = Math.max(delayMs, clock.now() - since);
      return;
    }
    if (tries === 1) refused += 1;
    if (tries < TRIES) {
      const ms = FIRST_MS * (1 + random()) * 2 ** (tries - 1);
      clock.after(ms, () => call(since, tries + 1));
    } else {
      lost += 1;
      delayMs = Math.max(delayMs, clock.now() - since);
    }
  };
  const look = (): void => {
    calls += 1;
    if (!ACTIONS.every((action) => throttle.has(action))) refused += 1;
    clock.after(LOOK_EVERY_MS, look);
  };
  const begin = ({ calls: together, everyMs }: Neighbour): void => {
    for (let n = 0; n < together; n += 1) call(clock.now(), 1);
    calls += together;
    clock.after(everyMs, () => begin({ calls: together, everyMs }));
  };
  if (neighbour === undefined) look();
  else begin(neighbour);
  return () => ({
    neighbourRefused: (100 * refused) / calls,
    neighbourDelayMs: delayMs,
    neighbourLost: lost,
  });
}

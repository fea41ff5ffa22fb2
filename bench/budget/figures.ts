import type { LoggedCall } from '../../sandbox/ec2/calls.ts';

/** What `--json` prints of a scenario. */
export interface Figures {
  /** Calls that EC2 answered, of both address families; also those that brought nothing new. */
  readonly assign: number;
  readonly unassign: number;
  /** Assign and Unassign calls that EC2 refused for another reason than throttling. */
  readonly refused: number;
  /** Calls of any action that EC2 throttled. */
  readonly throttled: number;
  /** Until all was as it had to be; see each scenario. */
  readonly seconds: number;
  /** How long addresses took; see each scenario. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Per cent of the seconds in which a neighbour's call was, or would have been, throttled. */
  readonly neighbourRefused: number;
  /** How long a call of the neighbour's waited for a token at most. */
  readonly neighbourDelayMs: number;
  /** Calls that the neighbour gave up. */
  readonly neighbourLost: number;
  /** Lines that were logged as errors. */
  readonly errors: number;
  /** Of several clusters: how many times as long as the median cluster the last one took. */
  readonly lastCluster?: number | undefined;
}

const ASSIGN = /^Assign/;
const UNASSIGN = /^Unassign/;

export type CallFigures = Pick<Figures, 'assign' | 'unassign' | 'refused' | 'throttled'>;

export function countCalls(calls: readonly LoggedCall[]): CallFigures {
  const figures = { assign: 0, unassign: 0, refused: 0, throttled: 0 };
  for (const { action, outcome } of calls) {
    const writes = ASSIGN.test(action) || UNASSIGN.test(action);
    if (outcome.kind === 'refused' && outcome.code === 'RequestLimitExceeded') {
      figures.throttled += 1;
    } else if (!writes) continue;
    else if (outcome.kind !== 'answered') figures.refused += 1;
    else if (ASSIGN.test(action)) figures.assign += 1;
    else figures.unassign += 1;
  }
  return figures;
}

/** The value below which `share` of the values are; 0 if there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

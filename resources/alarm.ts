import { METRIC_NAMESPACE, type MetricName } from '../shared/telemetry.ts';
import { type FunctionName, functionName } from './names.ts';

/** What CloudFormation computes: of a cluster's stack, from its parameters. */
export type Computed = Readonly<Record<string, unknown>>;

/** A cluster as its alarms need it. */
export interface WatchedCluster<N = number> {
  readonly name: string;
  /** Ends the logical ids. */
  readonly id: string;
  readonly sweepSeconds: N;
  readonly leakedThreshold: N;
}

/** A metric as CloudWatch finds it. */
export interface Metric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
}

/** @typeParam N a number; in a cluster's stack also what is computed. */
export interface Alarm<N = number> {
  /** Ends its name; for one cluster or function, what is before the last part is its kind. */
  readonly name: string;
  readonly logicalId: string;
  /** The heading of docs/runbook.md that tells what to do, as its anchor. */
  readonly section: string;
  /** What it means. */
  readonly means: string;
  readonly metric: Metric;
  readonly statistic: 'Sum' | 'Maximum';
  readonly periodSeconds: N | number;
  /** How many periods in a row. */
  readonly periods: number;
  /** It is an alarm above this, or with `silent` below. */
  readonly threshold: N | number;
  /** No value is what is wrong. */
  readonly silent?: boolean;
  /** A sweep emits the metric only if it finds some, so a missing value is zero. */
  readonly found?: boolean;
}

/** A metric that a function emits for a cluster. */
export function custom(service: FunctionName, name: MetricName, cluster: string): Metric {
  return { namespace: METRIC_NAMESPACE, name, dimensions: { service, cluster } };
}

export function ofFunction(stage: string, name: FunctionName, metric: string): Metric {
  const dimensions = { FunctionName: functionName(stage, name) };
  return { namespace: 'AWS/Lambda', name: metric, dimensions };
}

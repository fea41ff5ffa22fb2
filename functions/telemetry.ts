import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type ErrorCode, errorCodeOf } from '../shared/errors.ts';
import {
  METRIC_NAMESPACE,
  type MetricName,
  type Subject,
  type Telemetry,
} from '../shared/telemetry.ts';

/** The units of metrics that are no counts. */
const UNITS: Readonly<Partial<Record<MetricName, (typeof MetricUnit)[keyof typeof MetricUnit]>>> = {
  AssignmentLatency: MetricUnit.Milliseconds,
  BudgetRate: MetricUnit.CountPerSecond,
  BudgetWait: MetricUnit.Milliseconds,
};

/** Powertools' logger and metrics as `Telemetry`, with the metrics of one invocation kept until `flush`. */
export interface LambdaTelemetry extends Telemetry {
  readonly logger: Logger;
  /** Writes the metrics of this invocation in CloudWatch's embedded metric format, an entry per cluster. */
  flush(): void;
}

/** @param serviceName `reconcile` or `sweep`. */
export function lambdaTelemetry(serviceName: string): LambdaTelemetry {
  const logger = new Logger({ serviceName });
  const metrics = new Metrics({ namespace: METRIC_NAMESPACE, serviceName });
  const kept: { name: Parameters<Telemetry['metric']>[0]; cluster: string; value: number }[] = [];

  return {
    logger,
    info: (text, subject, detail) => logger.info(text, { ...keys(subject), ...detail }),
    warn: (text, subject, detail) => logger.warn(text, { ...keys(subject), ...detail }),
    error: (text, subject, error) =>
      logger.error(text, {
        ...keys(subject),
        ...codeKey(error),
        error: error instanceof Error ? error : `${error}`,
      }),
    metric: (name, cluster, value) => kept.push({ name, cluster, value }),
    flush() {
      for (const [cluster, entries] of Map.groupBy(kept.splice(0), (entry) => entry.cluster)) {
        metrics.addDimension('cluster', cluster);
        for (const { name, value } of entries) {
          const unit = UNITS[name] ?? MetricUnit.Count;
          metrics.addMetric(name, unit, value);
        }
        metrics.publishStoredMetrics();
      }
    },
  };
}

function codeKey(error: unknown): { readonly code?: ErrorCode } {
  const code = errorCodeOf(error);
  return code === undefined ? {} : { code };
}

function keys({ cluster, node, pod, eniId, address }: Subject): Record<string, string> {
  const known = Object.entries({ cluster, node, pod, eni: eniId, address });
  return Object.fromEntries(
    known.filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

import type { MetricName, Subject, Telemetry } from '../../shared/telemetry.ts';

/** Everything that was told, kept for a test to look at. */
export interface RecordedTelemetry extends Telemetry {
  readonly lines: readonly {
    readonly level: 'info' | 'warn' | 'error';
    readonly text: string;
    readonly subject: Subject;
    readonly detail: unknown;
  }[];
  /** The values of a metric in the order in which they were emitted, of one cluster or of all. */
  values(name: MetricName, cluster?: string): readonly number[];
  total(name: MetricName, cluster?: string): number;
}

export function recordedTelemetry(): RecordedTelemetry {
  const lines: RecordedTelemetry['lines'][number][] = [];
  const metrics: { name: MetricName; cluster: string; value: number }[] = [];
  const values = (name: MetricName, cluster?: string): number[] =>
    metrics
      .filter((entry) => entry.name === name && (cluster ?? entry.cluster) === entry.cluster)
      .map((entry) => entry.value);
  return {
    lines,
    info: (text, subject, detail) => void lines.push({ level: 'info', text, subject, detail }),
    warn: (text, subject, detail) => void lines.push({ level: 'warn', text, subject, detail }),
    error: (text, subject, detail) => void lines.push({ level: 'error', text, subject, detail }),
    metric: (name, cluster, value) => void metrics.push({ name, cluster, value }),
    values,
    total: (name, cluster) => values(name, cluster).reduce((sum, value) => sum + value, 0),
  };
}

import * as z from 'zod';

/** One value of a metric, as a log line in CloudWatch's embedded metric format told it. */
export interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: ReadonlyMap<string, string>;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly value: number;
}

const embedded = z.looseObject({
  _aws: z.object({
    Timestamp: z.number(),
    CloudWatchMetrics: z.array(
      z.object({
        Namespace: z.string(),
        Dimensions: z.array(z.array(z.string())),
        Metrics: z.array(z.object({ Name: z.string() })),
      }),
    ),
  }),
});

const values = z.union([z.number().transform((value) => [value]), z.array(z.number())]);

/**
 * The metrics of a log line (Amazon CloudWatch User Guide, "Embedded metric format specification");
 * none if the line is of another kind.
 */
export function embeddedMetrics(line: unknown): Datum[] {
  const parsed = embedded.safeParse(line);
  if (!parsed.success) return [];
  const { _aws: about, ...members } = parsed.data;
  return about.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = new Map(names.map((name) => [name, String(members[name])]));
      return Metrics.flatMap(({ Name }) =>
        (values.safeParse(members[Name]).data ?? []).map((value) => ({
          namespace: Namespace,
          name: Name,
          dimensions,
          at: about.Timestamp,
          value,
        })),
      );
    }),
  );
}

const seconds = z.number().transform((value) => value * 1000);
export const metricRequest = z.strictObject({
  MetricDataQueries: z.array(
    z.strictObject({
      Id: z.string().regex(/^[a-z][A-Za-z0-9_]*$/),
      MetricStat: z.strictObject({
        Metric: z.strictObject({
          Namespace: z.string(),
          MetricName: z.string(),
          Dimensions: z.array(z.strictObject({ Name: z.string(), Value: z.string() })),
        }),
        Period: z.number().int().multipleOf(60),
        Stat: z.literal('Sum'),
      }),
    }),
  ),
  StartTime: seconds,
  EndTime: seconds,
  ScanBy: z.enum(['TimestampDescending', 'TimestampAscending']).default('TimestampDescending'),
});

/** GetMetricData: sums of whole periods, those without a value left out. */
export function metricData(asked: z.infer<typeof metricRequest>, all: readonly Datum[]): object {
  return {
    MetricDataResults: asked.MetricDataQueries.map(({ Id, MetricStat }) => {
      const { Metric, Period } = MetricStat;
      const wanted = new Map(Metric.Dimensions.map(({ Name, Value }) => [Name, Value]));
      const sums = new Map<number, number>();
      for (const { namespace, name, dimensions, at, value } of all) {
        const isAsked = namespace === Metric.Namespace && name === Metric.MetricName;
        if (!isAsked || at < asked.StartTime || at >= asked.EndTime) continue;
        if (dimensions.size !== wanted.size) continue;
        if (![...wanted].every(([key, each]) => dimensions.get(key) === each)) continue;
        const begin = Math.floor(at / 1000 / Period) * Period;
        sums.set(begin, (sums.get(begin) ?? 0) + value);
      }
      const ascending = [...sums].sort(([a], [b]) => a - b);
      const ordered = asked.ScanBy === 'TimestampAscending' ? ascending : ascending.toReversed();
      return {
        Id,
        Label: Metric.MetricName,
        StatusCode: 'Complete',
        Timestamps: ordered.map(([at]) => at),
        Values: ordered.map(([, value]) => value),
      };
    }),
  };
}

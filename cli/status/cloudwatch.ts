import {
  type CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import { METRIC_NAMESPACE, type MetricName } from '../../shared/telemetry.ts';
import { trying } from '../failure.ts';

export type CloudWatch = Pick<CloudWatchClient, 'send'>;

/** An alarm that is on. */
export interface AlarmOn {
  readonly name: string;
  readonly reason: string;
}

const alarms = z.object({
  MetricAlarms: z
    .array(z.object({ AlarmName: z.string(), StateReason: z.string().default('') }))
    .default([]),
});

/** @throws Failed if CloudWatch refuses. */
export async function readAlarms(cloudWatch: CloudWatch, stage: string): Promise<AlarmOn[]> {
  const prefix = `multus-eni-reconciler-${stage}-`;
  const answer = await trying(`read the alarms ${prefix}…`, () =>
    cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNamePrefix: prefix, StateValue: 'ALARM', MaxRecords: 100 }),
    ),
  );
  return alarms.parse(answer).MetricAlarms.map(({ AlarmName, StateReason }) => {
    return { name: AlarmName.slice(prefix.length), reason: StateReason };
  });
}

/** What the functions measured last about a cluster. */
export interface Measured {
  /** The last time of a metric and its value then; absent if there was none in the hour. */
  readonly last: ReadonlyMap<MetricName, { readonly at: number; readonly value: number }>;
  /** Its sum over the hour. */
  readonly sum: ReadonlyMap<MetricName, number>;
}

const HOUR_MS = 3_600_000;

const ASKED = [
  ['sweep', 'SweepCompleted'],
  ['sweep', 'DriftMissing'],
  ['sweep', 'DriftLeaked'],
  ['sweep', 'DriftForeign'],
  ['sweep', 'DriftConflicting'],
  ['sweep', 'DriftFull'],
  ['reconcile', 'ForwarderHeartbeat'],
  ['reconcile', 'Ec2Throttles'],
] as const satisfies readonly (readonly ['sweep' | 'reconcile', MetricName])[];

const data = z.object({
  MetricDataResults: z.array(
    z.object({
      Id: z.string(),
      Timestamps: z.array(z.date()).default([]),
      Values: z.array(z.number()).default([]),
    }),
  ),
});

/** @throws Failed if CloudWatch refuses. */
export async function readMetrics(
  cloudWatch: CloudWatch,
  cluster: string,
  now: number,
): Promise<Measured> {
  const MetricDataQueries = ASKED.map(([service, name], index) => ({
    Id: `m${index}`,
    MetricStat: {
      Metric: {
        Namespace: METRIC_NAMESPACE,
        MetricName: name,
        Dimensions: [
          { Name: 'service', Value: service },
          { Name: 'cluster', Value: cluster },
        ],
      },
      Period: 60,
      Stat: 'Sum',
    },
  }));
  const answer = await trying('read the metrics of the functions', () =>
    cloudWatch.send(
      new GetMetricDataCommand({
        MetricDataQueries,
        StartTime: new Date(now - HOUR_MS),
        EndTime: new Date(now + 60_000),
        ScanBy: 'TimestampDescending',
      }),
    ),
  );
  const results = new Map(
    data.parse(answer).MetricDataResults.map((result) => [result.Id, result]),
  );
  const last = new Map<MetricName, { at: number; value: number }>();
  const sum = new Map<MetricName, number>();
  for (const [index, [, name]] of ASKED.entries()) {
    const { Timestamps: [at] = [], Values: values = [] } = results.get(`m${index}`) ?? {};
    const [value] = values;
    if (at === undefined || value === undefined) continue;
    last.set(name, { at: at.getTime(), value });
    sum.set(
      name,
      values.reduce((total, each) => total + each, 0),
    );
  }
  return { last, sum };
}

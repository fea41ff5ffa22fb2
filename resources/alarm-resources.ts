import type { StageSettings } from '../config/schema.ts';
import type { Alarm, Computed, Metric } from './alarm.ts';
import { alarmsOf } from './alarms.ts';
import { type Resource, type Resources, ref } from './cloudformation.ts';
import { stackName } from './names.ts';

/** The alarms as resources, and the topic that they go to where none is configured. */
export function alarms(stage: string, settings: StageSettings): Resources {
  const topic = settings.alarmTopicArn ?? ref('AlarmTopic');
  const runbook = settings.runbookUrl ?? 'docs/runbook.md';
  const made = alarmsOf(stage, settings).map((alarm) => [
    alarm.logicalId,
    alarmResource(stackName(stage), alarm, { topic, runbook }),
  ]);
  return {
    ...(settings.alarmTopicArn === undefined && {
      AlarmTopic: {
        Type: 'AWS::SNS::Topic',
        Properties: { TopicName: `${stackName(stage)}-alarms` },
      },
    }),
    ...Object.fromEntries(made),
  };
}

interface Tells {
  readonly topic: unknown;
  /** The runbook's address, without a section. */
  readonly runbook: string;
}

/** @param prefix begins its name. */
export function alarmResource(
  prefix: string,
  alarm: Alarm<number | Computed>,
  { topic, runbook }: Tells,
): Resource {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${prefix}-${alarm.name}`,
      AlarmDescription: `${alarm.means} What to do: ${runbook}#${alarm.section}`,
      ...(alarm.found ? found(alarm) : asItIs(alarm)),
      Threshold: alarm.threshold,
      ComparisonOperator: alarm.silent ? 'LessThanThreshold' : 'GreaterThanThreshold',
      TreatMissingData: alarm.silent ? 'breaching' : 'notBreaching',
      AlarmActions: [topic],
      OKActions: [topic],
    },
  };
}

function asItIs({ metric, statistic, periodSeconds, periods }: Alarm<number | Computed>): object {
  return {
    Namespace: metric.namespace,
    MetricName: metric.name,
    Dimensions: dimensionsOf(metric),
    Statistic: statistic,
    Period: periodSeconds,
    EvaluationPeriods: periods,
  };
}

/**
 * An expression makes a missing value zero. Otherwise CloudWatch looks for older values, and takes
 * those of sweeps long ago for those in a row (Amazon CloudWatch User Guide, "Configuring how
 * CloudWatch alarms treat missing data"). The alarm looks at one period more than it needs, because a
 * sweep that begins a moment late leaves a period without a value.
 */
function found({ metric, statistic, periodSeconds, periods }: Alarm<number | Computed>): object {
  const Metric = {
    Namespace: metric.namespace,
    MetricName: metric.name,
    Dimensions: dimensionsOf(metric),
  };
  const MetricStat = { Metric, Period: periodSeconds, Stat: statistic };
  return {
    Metrics: [
      { Id: 'found', MetricStat, ReturnData: false },
      { Id: 'value', Expression: 'FILL(found, 0)', Label: metric.name, ReturnData: true },
    ],
    EvaluationPeriods: periods + 1,
    DatapointsToAlarm: periods,
  };
}

function dimensionsOf({ dimensions }: Metric): object[] {
  return Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));
}

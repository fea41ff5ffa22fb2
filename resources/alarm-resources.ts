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
  /** Where the runbook is, without a section. */
  readonly runbook: string;
}

/** @param prefix begins its name. */
export function alarmResource(
  prefix: string,
  alarm: Alarm<number | Computed>,
  { topic, runbook }: Tells,
): Resource {
  const { metric } = alarm;
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${prefix}-${alarm.name}`,
      AlarmDescription: `${alarm.means} What to do: ${runbook}#${alarm.section}`,
      Namespace: metric.namespace,
      MetricName: metric.name,
      Dimensions: Object.entries(metric.dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: alarm.statistic,
      Period: alarm.periodSeconds,
      EvaluationPeriods: alarm.periods,
      Threshold: alarm.threshold,
      ComparisonOperator: alarm.silent ? 'LessThanThreshold' : 'GreaterThanThreshold',
      // Elsewhere no value means that nothing was looked at, and other alarms tell of that.
      TreatMissingData: alarm.silent ? 'breaching' : missingData(metric),
      AlarmActions: [topic],
      OKActions: [topic],
    },
  };
}

const FOUND_BY_SWEEPS: ReadonlySet<string> = new Set(['NetworksUnreadable', 'PodsNotAttached']);

/** Counts of events are emitted where there is something to count; what a sweep finds, at every sweep. */
function missingData({ name }: Metric): string {
  return FOUND_BY_SWEEPS.has(name) || name.startsWith('Drift') ? 'ignore' : 'notBreaching';
}

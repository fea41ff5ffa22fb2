import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { parseStage } from '../../../config/read.ts';
import { lambdaTelemetry } from '../../../functions/telemetry.ts';
import type { Alarm } from '../../../resources/alarm.ts';
import { alarmsOf } from '../../../resources/alarms.ts';
import { shownMetrics } from '../../../resources/dashboard.ts';
import { REASSIGNMENT_SECTION } from '../../../resources/reassignment.ts';
import { METRIC_NAMES, METRIC_NAMESPACE } from '../../../shared/telemetry.ts';
import { scenario } from '../../support/scenario.ts';
import { eventually } from '../../support/wait.ts';
import { PROVOKED } from './provoked.ts';
import { templateOf } from './service.ts';

const STAGE = 'region: us-east-1\nclusters: [{ name: demo }]\nec2: { budgetTable: true }\n';
const ALARMS = alarmsOf('test', parseStage(STAGE, 'config/test.yml'));
const OURS = ALARMS.filter(({ metric }) => metric.namespace === METRIC_NAMESPACE);
const RUNBOOK = readFileSync(new URL('../../../docs/runbook.md', import.meta.url), 'utf8');

/** Sections of the runbook by the anchor that Markdown viewers give them. */
const SECTIONS = new Map(
  RUNBOOK.split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = ''] = section.split('\n');
      return [title.toLowerCase().replaceAll(' ', '-'), section];
    }),
);

/** Whether these values, one per period, are what an alarm waits for. */
function isRaised({ periods, threshold }: Alarm, values: readonly number[]): boolean {
  const last = values.slice(-periods);
  return last.length === periods && last.every((value) => value > threshold);
}

/** The scenarios have neither SSM nor DynamoDB: test/unit/functions/{control,shared-budget}.test.ts. */
const ELSEWHERE = new Set(['ClusterStopped', 'BudgetTableFailures']);

describe('the alarm', () => {
  for (const alarm of OURS.filter(({ metric }) => !ELSEWHERE.has(metric.name))) {
    const provoked = METRIC_NAMES.filter((name) => name === alarm.metric.name).map((name) => ({
      name,
      ...PROVOKED[name],
    }))[0];
    const title = alarm.silent
      ? `${alarm.name} is kept quiet by what the product emits`
      : `${alarm.name} is raised by what the product emits`;
    scenario(title, provoked?.options ?? {}, async (stage) => {
      if (provoked?.run === undefined) throw new Error(`nothing provokes ${alarm.metric.name}`);
      await provoked.run(stage);
      if (alarm.silent) {
        expect(stage.telemetry.total(provoked.name, 'demo')).toBeGreaterThanOrEqual(
          alarm.threshold,
        );
      } else {
        await eventually(() => isRaised(alarm, stage.telemetry.values(provoked.name, 'demo'))).toBe(
          true,
        );
      }
    });
  }

  test.each(OURS)('$name watches what the functions write', ({ metric }) => {
    const written: string[] = [];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    const telemetry = lambdaTelemetry(String(metric.dimensions.service));
    const name = METRIC_NAMES.find((known) => known === metric.name);
    if (name !== undefined) telemetry.metric(name, String(metric.dimensions.cluster), 1);
    telemetry.flush();
    vi.restoreAllMocks();
    const line: unknown = JSON.parse(written.join(''));
    expect(line).toMatchObject({
      ...metric.dimensions,
      [metric.name]: 1,
      _aws: {
        CloudWatchMetrics: [
          {
            Namespace: metric.namespace,
            Dimensions: [Object.keys(metric.dimensions)],
            Metrics: [{ Name: metric.name, Unit: 'Count' }],
          },
        ],
      },
    });
  });
});

describe('alarms, metrics and runbook', () => {
  test('every alarm has its section, and every section an alarm', () => {
    expect([...SECTIONS.keys()].toSorted()).toEqual(
      [...new Set([...ALARMS.map(({ section }) => section), REASSIGNMENT_SECTION])].toSorted(),
    );
  });

  test.each([...SECTIONS])(
    '%s tells symptom, meaning, how to look and how to mend',
    (anchor, text) => {
      const parts = [...text.matchAll(/^\*\*(.+)\.\*\*/gm)].map(([, part]) => part);
      expect(parts).toEqual(['Symptom', 'What it means', 'How to look', 'How to mend']);
      const named = ALARMS.filter(({ section }) => section === anchor).map(({ name }) =>
        name.replace(/-demo$/, '-<cluster>'),
      );
      for (const name of named) expect(text).toContain(`\`${name}\``);
    },
  );

  test('every metric of ours is watched or shown', () => {
    const seen = new Set<string>([...OURS.map(({ metric }) => metric.name), ...shownMetrics()]);
    expect(METRIC_NAMES.filter((name) => !seen.has(name))).toEqual([]);
  });

  test('the others watch what AWS itself measures', () => {
    const theirs = ALARMS.filter((alarm) => !OURS.includes(alarm)).map(
      ({ metric }) => `${metric.namespace} ${metric.name}`,
    );
    expect([...new Set(theirs)]).toEqual([
      'AWS/SQS ApproximateNumberOfMessagesVisible',
      'AWS/SQS ApproximateAgeOfOldestMessage',
      'AWS/Lambda Errors',
      'AWS/Lambda Throttles',
    ]);
  });

  test('an alarm says what it means and where to read on, and goes to the topic', () => {
    const { Resources } = templateOf(STAGE);
    const made = Object.values(Resources).filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
    expect(made).toHaveLength(ALARMS.length);
    for (const { Properties } of made) {
      expect(Properties.AlarmDescription).toMatch(/\. What to do: docs\/runbook\.md#[a-z-]+$/);
      expect(Properties.AlarmActions).toEqual([{ Ref: 'AlarmTopic' }]);
    }
    const silent = made.filter(({ Properties }) => Properties.TreatMissingData === 'breaching');
    expect(silent.map(({ Properties }) => Properties.MetricName)).toEqual([
      'SweepCompleted',
      'ForwarderHeartbeat',
    ]);
  });

  test('a configured topic is used, and none made', () => {
    const topic = 'arn:aws:sns:us-east-1:111122223333:on-call';
    const { Resources, Outputs } = templateOf(`${STAGE}alarmTopicArn: ${topic}\n`);
    expect(Resources.AlarmTopic).toBeUndefined();
    expect(Resources.EnisFullDemoAlarm?.Properties.AlarmActions).toEqual([topic]);
    expect(Outputs.AlarmTopicArn?.Value).toBe(topic);
  });
});

const body = z.object({
  widgets: z.array(
    z.object({
      x: z.number(),
      y: z.number(),
      properties: z.object({ title: z.string(), metrics: z.array(z.array(z.unknown())) }),
    }),
  ),
});

test('what a sweep finds is zero without a value, and one late sweep ends no alarm', () => {
  const { Resources } = templateOf(STAGE);
  const found = ALARMS.filter((alarm) => alarm.found);
  expect(found.map(({ metric }) => metric.name)).toEqual([
    ...['DriftMissing', 'DriftLeaked', 'DriftFull', 'PodsNotAttached', 'NetworksUnreadable'],
    'LargeObjects',
  ]);
  for (const { logicalId, periods, metric } of found) {
    expect(Resources[logicalId]?.Properties).toMatchObject({
      EvaluationPeriods: periods + 1,
      DatapointsToAlarm: periods,
      TreatMissingData: 'notBreaching',
      Metrics: [
        { Id: 'found', ReturnData: false, MetricStat: { Metric: { MetricName: metric.name } } },
        { Expression: 'FILL(found, 0)', ReturnData: true },
      ],
    });
  }
});

test('the dashboard shows queues, functions and every cluster there will be, no graph over another', () => {
  const { Resources } = templateOf('region: us-east-1\nclusters: [{ name: a }, { name: b }]\n');
  const text = z
    .object({ 'Fn::Sub': z.string() })
    .parse(Resources.Dashboard?.Properties.DashboardBody)['Fn::Sub'];
  const { widgets } = body.parse(JSON.parse(text));
  expect(new Set(widgets.map(({ x, y }) => `${x}/${y}`)).size).toBe(widgets.length);
  const titles = widgets.map(({ properties }) => properties.title);
  expect(titles).toEqual(expect.arrayContaining(['Messages', 'Drift found by sweeps']));
  const drift = widgets.find(({ properties }) => properties.title === 'Drift found by sweeps');
  expect(drift?.properties.metrics[0]).toEqual([
    {
      expression:
        'SEARCH(\'{MultusEniReconciler,service,cluster} service="sweep" MetricName="DriftMissing"\', ' +
        "'Maximum', 300)",
      id: 'search0',
    },
  ]);
  expect(text.replaceAll(`\${AWS::Region}`, '')).not.toContain('${');
});

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import type { StageSettings } from '../../config/schema.ts';
import { clusterTemplate } from '../../resources/cluster-stack.ts';
import { stackOf } from '../../resources/stack.ts';

/** What a stack has that costs something. */
export interface Contents {
  /** Metrics that alarms watch: by them they are charged. */
  readonly alarmMetrics: number;
  readonly dashboards: number;
  /** Event source mappings that poll a queue. */
  readonly polled: number;
  readonly queues: number;
  /** Runs of sweeps in an hour. */
  readonly sweepsAnHour: number;
  readonly parameters: number;
}

const template = z.object({
  Parameters: z.record(z.string(), z.object({ Default: z.unknown().optional() })).optional(),
  Mappings: z
    .object({ Sweeps: z.record(z.string(), z.object({ Seconds: z.number() })) })
    .optional(),
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});
type Template = z.infer<typeof template>;

/** Of the account's stack, as `serverless.yml` and `resources/` make it. */
export function contentsOfAccount(stage: string, settings: StageSettings): Contents {
  const service = z
    .object({
      functions: z.record(
        z.string(),
        z.object({ events: z.array(z.record(z.string(), z.unknown())).default([]) }),
      ),
    })
    .parse(parse(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'), QUIET));
  const events = Object.values(service.functions).flatMap((each) => each.events);
  const counted = contentsOf(stackOf(stage, settings).template);
  return { ...counted, polled: counted.polled + events.filter((event) => 'sqs' in event).length };
}

/** CloudFormation's tags are none that the parser knows. */
const QUIET = { logLevel: 'silent' } as const;

/** Of the stack of a cluster that joined, with the defaults of its parameters. */
export function contentsOfCluster(): Contents {
  return contentsOf(clusterTemplate());
}

function contentsOf(made: unknown): Contents {
  const read = template.parse(JSON.parse(JSON.stringify(made)));
  const ofType = (type: string) =>
    Object.values(read.Resources).filter(({ Type }) => Type === type);
  return {
    alarmMetrics: ofType('AWS::CloudWatch::Alarm').reduce(
      (sum, { Properties }) => sum + watched(Properties),
      0,
    ),
    dashboards: ofType('AWS::CloudWatch::Dashboard').length,
    polled: ofType('AWS::Lambda::EventSourceMapping').length,
    queues: ofType('AWS::SQS::Queue').length,
    sweepsAnHour: ofType('AWS::Scheduler::Schedule').reduce(
      (sum, { Properties }) => sum + 3_600 / periodSeconds(Properties.ScheduleExpression, read),
      0,
    ),
    parameters: ofType('AWS::SSM::Parameter').length,
  };
}

function watched({ Metrics }: Readonly<Record<string, unknown>>): number {
  if (Metrics === undefined) return 1;
  const queries = z.array(z.object({ MetricStat: z.unknown().optional() })).parse(Metrics);
  return queries.filter(({ MetricStat }) => MetricStat !== undefined).length;
}

/** Of a rate as EventBridge Scheduler writes it, or of the default of the template's parameter. */
function periodSeconds(expression: unknown, { Parameters, Mappings }: Template): number {
  const [, minutes] = /^rate\((\d+) minutes?\)$/.exec(String(expression)) ?? [];
  if (minutes !== undefined) return Number(minutes) * 60;
  const seconds = Mappings?.Sweeps[String(Parameters?.SweepMinutes?.Default)]?.Seconds;
  if (seconds !== undefined) return seconds;
  throw new Error(`how often ${JSON.stringify(expression)} is, is not known`);
}

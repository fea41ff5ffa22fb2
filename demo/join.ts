import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { ACCOUNT, REGION, ROLE_ARN, STAGE } from '../sandbox/aws.ts';
import { createStack } from '../sandbox/cloudformation/stack.ts';
import { configureStage, type World } from '../sandbox/world.ts';

const TEMPLATE = new URL('../deploy/cluster/template.yml', import.meta.url);
const ACCOUNT_STACK = `multus-eni-reconciler-${STAGE}`;
/** Shorter than the five minutes that are the default, for whoever waits at the terminal. */
const SWEEP_MINUTES = '1';

/** A world whose cluster joined, and what its stack says of how it is served. */
export interface Joined {
  /** Its queues are the cluster's own. */
  readonly world: World;
  /** How many batches are reconciled at once. */
  readonly concurrency: number;
  readonly sweep: { readonly everyMs: number; readonly input: unknown };
}

const queue = z.object({ QueueName: z.string() });
const mapping = z.object({
  BatchSize: z.literal(10),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }),
});
const schedule = z.object({
  ScheduleExpression: z.string().regex(/^rate\(\d+ minutes?\)$/),
  Target: z.object({ Input: z.string() }),
});

/** What the account's stack exports; the sandbox has one role for both functions. */
function exported(): ReadonlyMap<string, string> {
  const functionArn = (name: string): string =>
    `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${ACCOUNT_STACK}-${name}`;
  const values = {
    ReconcileFunctionArn: functionArn('reconcile'),
    SweepFunctionArn: functionArn('sweep'),
    ReconcileRoleArn: ROLE_ARN,
    SweepRoleArn: ROLE_ARN,
    ScheduleRoleArn: `arn:aws:iam::${ACCOUNT}:role/schedule`,
    AlarmTopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:alarms`,
  };
  return new Map(Object.entries(values).map(([key, arn]) => [`${ACCOUNT_STACK}-${key}`, arn]));
}

/**
 * Joins the world's cluster to the stage as any tool does: by the resources of deploy/cluster/template.yml. The
 * configuration of the stage lists none any more, and the functions get in by the template's access entries.
 */
export function joinByTemplate(world: World): Joined {
  const { cluster, deadLetterQueue, eks, lambda, scheduler } = world;
  const { name } = cluster;
  eks.removeAccessEntry(name, ROLE_ARN);
  lambda.removeMapping(world.queue.arn);
  scheduler.removeSchedule(`${ACCOUNT_STACK}-SweepSchedule-${name}`);
  const environment = {
    ...world.environment,
    CLUSTERS: '[]',
    SETTINGS_PATH: `/multus-eni-reconciler/${STAGE}/clusters/`,
  };
  configureStage(world, environment);
  const stack = createStack(world, {
    name: `${ACCOUNT_STACK}-${name}`,
    template: readFileSync(TEMPLATE, 'utf8'),
    parameters: {
      ...{ Stage: STAGE, ClusterName: name, QueueName: name, SweepMinutes: SWEEP_MINUTES },
    },
    exports: exported(),
  });
  const propertiesOf = (id: string) => stack.resource(id).Properties;
  const queueOf = (id: string, output: string, { arn }: World['queue']) => {
    const { QueueName } = queue.parse(propertiesOf(id));
    const url = z.string().parse(stack.output(output));
    return { name: QueueName, url, arn: arn.replace(/[^:]+$/, QueueName) };
  };
  const { ScheduleExpression, Target } = schedule.parse(propertiesOf('SweepSchedule'));
  return {
    world: {
      ...world,
      environment,
      queue: queueOf('Queue', 'QueueUrl', world.queue),
      deadLetterQueue: queueOf('DeadLetterQueue', 'DeadLetterQueueUrl', deadLetterQueue),
    },
    concurrency: mapping.parse(propertiesOf('Delivery')).ScalingConfig.MaximumConcurrency,
    sweep: {
      everyMs: Number(/\d+/.exec(ScheduleExpression)) * 60_000,
      input: JSON.parse(Target.Input),
    },
  };
}

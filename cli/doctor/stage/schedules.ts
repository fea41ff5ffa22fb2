import { GetScheduleCommand, ListSchedulesCommand } from '@aws-sdk/client-scheduler';
import * as z from 'zod';
import type { StageClients } from './clients.ts';

/** A schedule that has a function invoked for a cluster. */
export interface Schedule {
  readonly name: string;
  readonly isEnabled: boolean;
}

const page = z.object({
  Schedules: z
    .array(z.object({ Name: z.string(), Target: z.object({ Arn: z.string() }) }))
    .default([]),
  NextToken: z.string().optional(),
});
const schedule = z.object({
  State: z.string().default('ENABLED'),
  Target: z.object({ Input: z.string().default('') }),
});

/**
 * The schedules that have the function invoked for a cluster.
 *
 * @param NamePrefix what the names of a stage's schedules begin with: those of its stacks.
 * @throws what EventBridge Scheduler refuses with.
 */
export async function readSchedules(
  scheduler: StageClients['scheduler'],
  NamePrefix: string,
  functionName: string,
  cluster: string,
): Promise<readonly Schedule[]> {
  const found: Schedule[] = [];
  let NextToken: string | undefined;
  do {
    const answer = await scheduler.send(new ListSchedulesCommand({ NamePrefix, NextToken }));
    const { Schedules, NextToken: next } = page.parse(answer);
    for (const { Name: name, Target } of Schedules) {
      if (!Target.Arn.endsWith(`:function:${functionName}`)) continue;
      const of = schedule.parse(await scheduler.send(new GetScheduleCommand({ Name: name })));
      const isOfCluster = of.Target.Input === JSON.stringify({ cluster });
      if (isOfCluster) found.push({ name, isEnabled: of.State === 'ENABLED' });
    }
    NextToken = next;
  } while (NextToken !== undefined);
  return found;
}

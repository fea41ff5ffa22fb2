import {
  GetAccountSettingsCommand,
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { StageClients } from './clients.ts';

type Lambda = StageClients['lambda'];

/** A function of a stage, as it is deployed. */
export interface DeployedFunction {
  readonly arn: string;
  readonly roleArn: string;
  /** It is attached to a VPC. */
  readonly inVpc: boolean;
}

/** An event source mapping: by it Lambda reads a queue for a function. */
export interface Mapping {
  readonly queueArn: string;
  /** `Enabled`, `Disabled`, or what it becomes. */
  readonly state: string;
  /** How many batches at most at the same time. */
  readonly concurrency?: number;
}

const configuration = z.object({
  FunctionArn: z.string(),
  Role: z.string(),
  VpcConfig: z.object({ SubnetIds: z.array(z.string()).default([]) }).optional(),
});
const mappings = z.object({
  EventSourceMappings: z
    .array(
      z.object({
        EventSourceArn: z.string(),
        State: z.string(),
        ScalingConfig: z.object({ MaximumConcurrency: z.number().optional() }).optional(),
      }),
    )
    .default([]),
  NextMarker: z.string().optional(),
});
const account = z.object({
  AccountLimit: z.object({ UnreservedConcurrentExecutions: z.number() }),
});

/** @throws what Lambda refuses with, as all that read here. */
export async function readFunction(
  lambda: Lambda,
  FunctionName: string,
): Promise<DeployedFunction> {
  const answer = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const { FunctionArn: arn, Role: roleArn, VpcConfig } = configuration.parse(answer);
  return { arn, roleArn, inVpc: (VpcConfig?.SubnetIds ?? []).length > 0 };
}

/** The mappings of all queues to a function. */
export async function readMappings(
  lambda: Lambda,
  FunctionName: string,
): Promise<readonly Mapping[]> {
  const found: Mapping[] = [];
  let Marker: string | undefined;
  do {
    const answer = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName, Marker }));
    const { EventSourceMappings, NextMarker } = mappings.parse(answer);
    for (const { State: state, EventSourceArn: queueArn, ScalingConfig } of EventSourceMappings) {
      found.push({ queueArn, state, concurrency: ScalingConfig?.MaximumConcurrency });
    }
    Marker = NextMarker;
  } while (Marker !== undefined);
  return found;
}

/** How many executions the account may have at once, beside what is reserved for functions. */
export async function readConcurrency(lambda: Lambda): Promise<number> {
  const answer = await lambda.send(new GetAccountSettingsCommand({}));
  return account.parse(answer).AccountLimit.UnreservedConcurrentExecutions;
}

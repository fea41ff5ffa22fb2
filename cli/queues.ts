import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { Sqs } from '../shared/messages/sqs.ts';
import { BadInput, Failed, trying } from './failure.ts';

export type CloudFormation = Pick<CloudFormationClient, 'send'>;

/** Which queue is meant: one by its URL, else the one of a deployed stage, or of a cluster that joined it. */
export interface QueueChoice {
  readonly stage?: string;
  readonly cluster?: string;
  readonly queueUrl?: string;
  readonly deadLetterQueueUrl?: string;
}

export interface AwsClients {
  readonly sqs: Sqs;
  readonly cloudFormation: CloudFormation;
}

/** What queues are looked up with. */
export interface QueueSources extends AwsClients {
  /** The URL of the queue of a cluster that joined a stage by a stack of its own; absent if none did under that name. */
  queueOfJoined(stage: string, cluster: string): Promise<string | undefined>;
}

/** The dead-letter queue, and what brings messages there. */
export interface DeadLetters {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** After so many receives; absent if the queue does not say. */
  readonly maxReceiveCount?: number;
  /** The cluster that joined by a stack of its own, if the queues are its own: whatever is in them concerns it. */
  readonly owner?: string;
}

/**
 * The queue's URL.
 *
 * @throws BadInput if the stage has no stack with that output; Failed if AWS refuses.
 */
export async function findQueue(sources: QueueSources, choice: QueueChoice): Promise<string> {
  const own = choice.queueUrl ?? (await ownQueue(sources, choice));
  if (own !== undefined) return own;
  const output = await outputsOf(sources.cloudFormation, choice.stage);
  return output('QueueUrl');
}

/**
 * A cluster that joined has a queue of its own: in the stage's a message about it would be set
 * aside.
 */
async function ownQueue(
  sources: QueueSources,
  { stage, cluster }: QueueChoice,
): Promise<string | undefined> {
  return stage !== undefined && cluster !== undefined
    ? sources.queueOfJoined(stage, cluster)
    : undefined;
}

/**
 * The queue and its dead-letter queue: as given, as the stage's stack says, or as the redrive policy of the
 * queue names it, which is that of a cluster that joined too.
 *
 * @throws BadInput if there is none; Failed if AWS refuses.
 */
export async function findDeadLetters(
  sources: QueueSources,
  choice: QueueChoice,
): Promise<DeadLetters> {
  const { queueUrl, named, owner } = await findBoth(sources, choice);
  const redrive = await redriveOf(sources.sqs, queueUrl);
  const deadLetterQueueUrl = choice.deadLetterQueueUrl ?? named ?? redrive?.deadLetterQueueUrl;
  if (deadLetterQueueUrl === undefined) {
    throw new BadInput(
      `${queueUrl} has no redrive policy that names a dead-letter queue: give --dead-letter-queue-url`,
    );
  }
  return {
    queueUrl,
    deadLetterQueueUrl,
    maxReceiveCount: redrive?.maxReceiveCount,
    ...(owner !== undefined && { owner }),
  };
}

async function findBoth(
  sources: QueueSources,
  choice: QueueChoice,
): Promise<{ queueUrl: string; named?: string; owner?: string | undefined }> {
  if (choice.queueUrl !== undefined) return { queueUrl: choice.queueUrl };
  const own = await ownQueue(sources, choice);
  if (own !== undefined) return { queueUrl: own, owner: choice.cluster };
  const output = await outputsOf(sources.cloudFormation, choice.stage);
  return { queueUrl: output('QueueUrl'), named: output('DeadLetterQueueUrl') };
}

const stacks = z.object({
  Stacks: z.array(
    z.object({
      Outputs: z.array(z.object({ OutputKey: z.string(), OutputValue: z.string() })).default([]),
    }),
  ),
});

async function outputsOf(
  cloudFormation: CloudFormation,
  stage: string | undefined,
): Promise<(name: string) => string> {
  if (stage === undefined) throw new BadInput('which queue? Give --stage, or --queue-url');
  const stack = `multus-eni-reconciler-${stage}`;
  const answer = await trying(`describe the stack ${stack}`, () =>
    cloudFormation.send(new DescribeStacksCommand({ StackName: stack })),
  ).catch((error: unknown) => {
    // CloudFormation has no error of its own for it: "Stack with id … does not exist".
    if (!(error instanceof Failed) || !/does not exist/.test(error.message)) throw error;
    throw new BadInput(
      `stage ${stage} has no stack ${stack} in this account and region: check --stage and --region, or give --queue-url`,
    );
  });
  const outputs = stacks.safeParse(answer).data?.Stacks[0]?.Outputs ?? [];
  return (name) => {
    const value = outputs.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
    if (value !== undefined) return value;
    throw new BadInput(`the stack ${stack} has no output ${name}: deploy it, or give --queue-url`);
  };
}

const redrivePolicy = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int(),
});

export async function redriveOf(sqs: Sqs, queueUrl: string) {
  const { Attributes } = await trying(`read the attributes of ${queueUrl}`, () =>
    sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy'] }),
    ),
  );
  const text = Attributes?.RedrivePolicy;
  const policy = text === undefined ? undefined : redrivePolicy.safeParse(JSON.parse(text)).data;
  if (policy === undefined) return undefined;
  // "The dead-letter queue must be in the same account and Region": its URL differs by its name.
  const name = policy.deadLetterTargetArn.split(':').at(-1) ?? '';
  return {
    deadLetterQueueUrl: queueUrl.slice(0, queueUrl.lastIndexOf('/') + 1) + name,
    maxReceiveCount: policy.maxReceiveCount,
  };
}

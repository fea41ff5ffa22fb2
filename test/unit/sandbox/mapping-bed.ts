import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import {
  type EventSourceMapping,
  type EventSourceMappingOptions,
  type Invocation,
  startEventSourceMapping,
} from '../../../sandbox/lambda/event-source-mapping.ts';
import type { Handler } from '../../../sandbox/lambda/function.ts';
import { type SandboxSqs, startSqs } from '../../../sandbox/sqs/start.ts';
import { sqsClient } from '../../support/clients.ts';
import { sendTo } from '../../support/queue.ts';

export const VISIBILITY_MS = 60_000;

/** A queue with its dead-letter queue for each test of a `describe`, and the mapping that it starts. */
export function mappingBed() {
  const clock = virtualClock();
  let sqs: SandboxSqs;
  let client: SQSClient;
  let queue: { readonly url: string; readonly arn: string };
  let mapping: EventSourceMapping | undefined;
  let invocations: Invocation[];

  beforeEach(async () => {
    sqs = await startSqs({ clock });
    client = sqsClient(sqs.endpoint);
    const deadLetters = sqs.createQueue('dead.fifo');
    queue = sqs.createQueue('nodes.fifo', {
      VisibilityTimeout: String(VISIBILITY_MS / 1000),
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 3 }),
    });
    invocations = [];
    mapping = undefined;
  });
  afterEach(async () => {
    await mapping?.stop();
    client.destroy();
    await sqs.stop();
  });

  const start = (
    handler: Handler<SQSEvent>,
    more: Partial<EventSourceMappingOptions> = {},
  ): void => {
    mapping = startEventSourceMapping({
      sqs: client,
      queueUrl: queue.url,
      queueArn: queue.arn,
      handler,
      timeoutMs: 30_000,
      clock,
      onInvocation: (invocation) => invocations.push(invocation),
      ...more,
    });
  };
  const bodiesOf = (event: SQSEvent) => event.Records.map((record) => record.body);
  const inQueue = (name = 'nodes.fifo') => sqs.messages(name).map((message) => message.body);
  const invoked = (times: number) =>
    vi.waitFor(() => expect(invocations.length).toBe(times), { timeout: 5_000 });
  return {
    clock,
    sqs: () => sqs,
    client: () => client,
    queue: () => queue,
    mapping: () => mapping,
    invocations: () => invocations,
    start,
    async send(group: string, ...bodies: string[]) {
      for (const body of bodies) await sendTo(client, queue.url, group, body);
    },
    bodiesOf,
    inQueue,
    invoked,
  };
}

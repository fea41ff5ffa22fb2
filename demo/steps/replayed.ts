import { readFile } from 'node:fs/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { CREDENTIALS } from '../../sandbox/aws.ts';
import { deduplicationId } from '../../shared/messages/group.ts';
import { messageGroupOf } from '../../shared/messages/queue.ts';
import { parseMessage } from '../../shared/messages/schema.ts';
import { check } from '../expect.ts';
import { demoRows } from '../rows.ts';
import type { DemoStage } from '../stage.ts';
import { type Step, untilQueueIsEmpty } from '../step.ts';

const EVENTS = ['pod-add', 'pod-update', 'pod-delete', 'node-resync'] as const;

const event = z.object({ Records: z.array(z.object({ body: z.string() })) });

export const replayed: Step = {
  name: 'old events are replayed, the delete of 172.16.1.70 among them: nothing changes',
  async run(stage) {
    const before = { rows: await demoRows(stage), changes: stage.changes() };
    const callsBefore = stage.calls.length;
    const done = stage.product.invocations.length;
    for (const name of EVENTS) {
      await replay(stage, name);
      await untilQueueIsEmpty(stage);
    }
    const reconciles = stage.product.invocations.slice(done);
    check(
      'messages that were not done',
      [],
      reconciles.flatMap(({ outcome }) =>
        outcome.kind === 'success' ? outcome.failedIds : outcome.detail,
      ),
    );
    const actions = stage.calls.slice(callsBefore).map(({ action }) => action);
    const writes = actions.filter((action) => !action.startsWith('Describe'));
    check('the nodes were looked at', true, actions.length - writes.length >= EVENTS.length);
    check('EC2 calls that are no reads', [], writes);
    check('the state', before, { rows: await demoRows(stage), changes: stage.changes() });
    return [`Sent to the queue: ${EVENTS.map((name) => `events/${name}.json`).join(', ')}`];
  },
};

/** Sends the messages of a sample event as they are, each once more. */
async function replay({ world }: DemoStage, name: string): Promise<void> {
  const file = new URL(`../../events/${name}.json`, import.meta.url);
  const { Records } = event.parse(JSON.parse(await readFile(file, 'utf8')));
  const { environment } = world;
  const sqs = new SQSClient({
    region: environment.AWS_REGION,
    endpoint: world.sqs.endpoint,
    credentials: CREDENTIALS,
  });
  for (const { body } of Records) {
    const parsed = parseMessage(body);
    if (!parsed.ok) throw new Error(`events/${name}.json: ${parsed.detail}`);
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: world.queue.url,
        MessageBody: body,
        MessageGroupId: messageGroupOf(parsed.message),
        MessageDeduplicationId: deduplicationId(),
      }),
    );
  }
  sqs.destroy();
}

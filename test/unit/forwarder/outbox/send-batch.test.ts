import { SQSClient } from '@aws-sdk/client-sqs';
import { expect, test, vi } from 'vitest';
import { sqsSendBatch } from '../../../../forwarder/outbox/send-batch.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { sqsClient } from '../../../support/clients.ts';
import { DEAF, startDeafServer } from '../../../support/deaf-server.ts';

const BATCH = [{ group: 'demo/a', deduplicationId: 'd', body: '{}' }];
const never = new AbortController().signal;

/** A client of a queue that is well, whose credentials never come: no signal of a call ends that. */
function withoutCredentials(endpoint: string): SQSClient {
  const credentials = () => new Promise<never>(() => undefined);
  return new SQSClient({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
}

test.each(DEAF)('a batch for an SQS that is %s is given up', async (how) => {
  const { endpoint, requests } = await startDeafServer(how);
  const client = sqsClient(endpoint);
  const clock = virtualClock();
  const sent = sqsSendBatch(client, `${endpoint}/1/queue.fifo`, clock)(BATCH, never);
  const over = expect(sent).rejects.toMatchObject({ name: 'TimeoutError' });
  await vi.waitFor(() => expect(requests()).toBe(1));
  clock.advance(10_000);

  await over;
});

test('a batch whose credentials never come is given up', async () => {
  const { endpoint } = await startDeafServer('silent');
  const clock = virtualClock();
  const send = sqsSendBatch(withoutCredentials(endpoint), `${endpoint}/1/queue.fifo`, clock);
  const over = expect(send(BATCH, never)).rejects.toMatchObject({ name: 'TimeoutError' });
  clock.advance(10_000);

  await over;
});

import { expect, onTestFinished, test } from 'vitest';
import { startSqs } from '../../../../sandbox/sqs/start.ts';
import { messageSender } from '../../../../shared/messages/queue.ts';
import { sqsClient } from '../../../support/clients.ts';
import { nodeMessage, podEvent } from '../../../support/messages.ts';

test('messages that are too long for one call together go in several', async () => {
  const sqs = await startSqs();
  const client = sqsClient(sqs.endpoint);
  onTestFinished(async () => {
    client.destroy();
    await sqs.stop();
  });
  const { url } = sqs.createQueue('nodes.fifo');
  const ips = Array.from({ length: 20_000 }, (_, n) => `172.16.${n >> 8}.${n & 255}`);
  const large = Array.from({ length: 10 }, (_, n) =>
    nodeMessage({ node: `node-${n}`, reason: 'pods', pods: [podEvent('delete', 'p', ips)] }),
  );

  await messageSender(client, url)(large);
  expect(sqs.messages('nodes.fifo').map(({ groupId }) => groupId)).toHaveLength(10);
  expect(sqs.calls.filter(({ action }) => action === 'SendMessageBatch').length).toBeLessThan(10);
});

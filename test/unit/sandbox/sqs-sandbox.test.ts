import { ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { type SandboxSqs, startSqs } from '../../../sandbox/sqs/start.ts';
import { sqsClient } from '../../support/clients.ts';
import { openQueues, type TestQueue } from './sqs-queues.ts';
import { refused } from './sqs-rules.ts';

describe("the sandbox's queue", () => {
  const clock = virtualClock();
  let sqs: SandboxSqs;
  let client: SQSClient;
  let queue: TestQueue;
  let name: string;

  beforeEach(async () => {
    sqs = await startSqs({ clock });
    client = sqsClient(sqs.endpoint);
    queue = await openQueues(client).fifo();
    name = queue.url.split('/').at(-1) ?? '';
  });
  afterEach(async () => {
    client.destroy();
    await sqs.stop();
  });
  const waits = () => vi.waitFor(() => expect(sqs.waiting(name)).toBe(1));

  test('a receive waits until its time is over on the clock', async () => {
    const receive = queue.bodies({ WaitTimeSeconds: 20 });
    await waits();
    clock.advance(19_999);
    expect(sqs.waiting(name)).toBe(1);
    clock.advance(1);
    expect(await receive).toEqual([]);
  });

  test('a waiting receive gets a message whose visibility timeout ends', async () => {
    await queue.send('a', '1');
    await queue.receive({ VisibilityTimeout: 5 });
    const receive = queue.bodies({ WaitTimeSeconds: 20 });
    await waits();
    clock.advance(5_000);
    expect(await receive).toEqual(['1']);
  });

  test('a waiting receive gets what a delete unblocks', async () => {
    await queue.send('a', '1');
    const [first] = await queue.receive();
    await queue.send('a', '2');
    const receive = queue.bodies({ WaitTimeSeconds: 20 });
    await waits();
    await queue.delete(first);
    expect(await receive).toEqual(['2']);
  });

  test('a receive whose caller has gone takes no message', async () => {
    const gone = new AbortController();
    const receive = client.send(
      new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 20 }),
      { abortSignal: gone.signal },
    );
    await waits();
    gone.abort();
    await expect(receive).rejects.toThrow();
    await vi.waitFor(() => expect(sqs.waiting(name)).toBe(0));
    await queue.send('a', '1');
    expect(await queue.bodies()).toEqual(['1']);
  });

  test('an action fails as often as asked, without effect', async () => {
    sqs.faults.fail('SendMessage', 1, 'RequestThrottled');
    await refused(queue.send('a', '1'), 'RequestThrottled');
    await queue.send('a', '2');
    expect(await queue.bodies()).toEqual(['2']);
  });

  test('a lost response leaves its effect', async () => {
    sqs.faults.loseResponse('SendMessage', 1);
    await expect(queue.send('a', '1')).rejects.toThrow();
    expect(sqs.messages(name).map(({ body }) => body)).toEqual(['1']);
  });

  test('calls are logged with their outcome', async () => {
    sqs.faults.fail('SendMessage', 1);
    await refused(queue.send('a', '1'), 'ServiceUnavailable');
    await queue.receive();
    expect(sqs.calls.slice(-2)).toEqual([
      { action: 'SendMessage', queue: name, at: clock.now(), outcome: 'ServiceUnavailable' },
      { action: 'ReceiveMessage', queue: name, at: clock.now(), outcome: 'ok' },
    ]);
  });

  test('stopping ends a receive that waits', async () => {
    const receive = queue.bodies({ WaitTimeSeconds: 20 });
    const ended = receive.then(
      () => 'ended',
      () => 'ended',
    );
    await waits();
    await sqs.stop();
    expect(await ended).toBe('ended');
  });

  test('a queue can be made and looked into without a client', () => {
    const made = sqs.createQueue('nodes.fifo', { VisibilityTimeout: '45' });
    expect(made).toEqual({
      url: `${sqs.endpoint}/111122223333/nodes.fifo`,
      arn: 'arn:aws:sqs:us-east-1:111122223333:nodes.fifo',
    });
    expect(sqs.messages('nodes.fifo')).toEqual([]);
  });

  test('what is not an SQS request is refused', async () => {
    const post = (target: string, body: string) =>
      fetch(sqs.endpoint, { method: 'POST', headers: { 'x-amz-target': target }, body });
    const unknown = await post('AmazonSQS.Nothing', '{}');
    expect([unknown.status, unknown.headers.get('x-amzn-query-error')]).toEqual([
      400,
      'InvalidAction;Sender',
    ]);
    const garbled = await post('AmazonSQS.SendMessage', '{');
    expect(await garbled.json()).toMatchObject({
      __type: 'com.amazonaws.sqs#SerializationException',
    });
  });
});

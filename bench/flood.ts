/**
 * `npm run bench:flood [-- --messages 200000] [--json]`: how long a message of one cluster waits for its
 * function, alone and while another cluster's queue holds a flood. Each has a queue and an event source
 * mapping of its own, as clusters have that join.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { queueAttributes } from '../sandbox/aws.ts';
import { startEventSourceMapping } from '../sandbox/lambda/event-source-mapping.ts';
import { startWorld } from '../sandbox/world.ts';

const PROBES = 100;
/** What a batch of nodes takes, and how often the quiet cluster has something to say: ms. */
const BATCH_MS = 50;
const PAUSE_MS = 100;
const CONCURRENCY = 10;
const MAX_DELAY_MS = 100;

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '200000' },
    json: { type: 'boolean', default: false },
  },
});
const flood = Number(values.messages);
const world = await startWorld();
const connection = {
  endpoint: world.sqs.endpoint,
  region: world.sqs.region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
};
const sqs = new SQSClient(connection);

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function deliver(queue: { url: string; arn: string }, handler: (event: unknown) => Promise<void>) {
  return startEventSourceMapping({
    sqs: connection,
    queueUrl: queue.url,
    queueArn: queue.arn,
    handler,
    timeoutMs: 60_000,
    maximumConcurrency: CONCURRENCY,
  });
}

/** @returns the median of what messages of the quiet cluster wait, ms. */
async function probe(queue: { url: string }, arrived: Map<string, number>): Promise<number> {
  const sent = new Map<string, number>();
  for (let index = 0; index < PROBES; index += 1) {
    const at = performance.now();
    const { MessageId = '' } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: '{}',
        MessageGroupId: `node-${index}`,
        MessageDeduplicationId: crypto.randomUUID(),
      }),
    );
    sent.set(MessageId, at);
    await sleep(PAUSE_MS);
  }
  while ([...sent.keys()].some((id) => !arrived.has(id))) await sleep(PAUSE_MS);
  return median([...sent].map(([id, at]) => (arrived.get(id) ?? Number.NaN) - at));
}

async function fill(QueueUrl: string): Promise<void> {
  const batches = Array.from({ length: Math.ceil(flood / 10) }, (_, batch) => batch);
  const senders = Array.from({ length: 8 }, async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const Entries = Array.from({ length: 10 }, (_, index) => ({
        Id: String(index),
        MessageBody: '{}',
        MessageGroupId: `node-${(Number(batch) * 10 + index) % 5_000}`,
        MessageDeduplicationId: crypto.randomUUID(),
      }));
      await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    }
  });
  await Promise.all(senders);
}

const idsIn = (event: unknown): string[] =>
  (Object(event).Records ?? []).map(({ messageId }: { messageId: string }) => messageId);

try {
  const [quiet, loud] = ['quiet', 'loud'].map((name) =>
    world.sqs.createQueue(`${name}.fifo`, queueAttributes(world.deadLetterQueue.arn)),
  );
  if (quiet === undefined || loud === undefined) throw new Error('no queues');
  const arrived = new Map<string, number>();
  const own = deliver(quiet, async (event) => {
    for (const id of idsIn(event)) arrived.set(id, performance.now());
    await sleep(BATCH_MS);
  });
  const aloneMs = await probe(quiet, arrived);
  await fill(loud.url);
  const others = deliver(loud, async () => {
    await sleep(BATCH_MS);
  });
  const floodedMs = await probe(quiet, arrived);
  const left = world.sqs.messages('loud.fifo').length;
  await Promise.all([own.stop(), others.stop()]);
  const figures = { flood, left, aloneMs, floodedMs, delayMs: floodedMs - aloneMs };
  if (values.json) console.log(JSON.stringify(figures));
  else {
    console.log(
      `median ${aloneMs.toFixed(0)} ms alone, ${floodedMs.toFixed(0)} ms beside a queue of ${flood} messages ` +
        `(${left} of them left): ${figures.delayMs.toFixed(0)} ms more`,
    );
  }
  if (figures.delayMs > MAX_DELAY_MS) process.exitCode = 1;
} finally {
  await world.stop();
}

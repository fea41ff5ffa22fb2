import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { aws } from '../../../functions/context.ts';
import { clusterQueueNames } from '../../../resources/names.ts';
import { queueAttributes } from '../../../sandbox/aws.ts';
import { sqsEvent } from '../../../sandbox/lambda/sqs-event.ts';
import { startSsm } from '../../../sandbox/ssm/server.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { type Bed, startBed } from '../../support/bed.ts';
import { receiveFrom, sendTo } from '../../support/queue.ts';
import { nodeMessage } from './records.ts';

const PATH = '/multus-eni-reconciler/test/clusters/';

/** Two clusters: `demo` is configured, and `edge` joined with a queue of its own. */
async function startJoined() {
  const ssm = await startSsm();
  onTestFinished(() => ssm.stop());
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const { readSettings } = aws('us-east-1', systemClock);
  const bed = await startBed({
    clusters: ['demo', 'edge'],
    variables: { CLUSTERS: '[{ "name": "demo" }]', SETTINGS_PATH: PATH },
    wrap: (clients) => ({ ...clients, ...(readSettings && { readSettings }) }),
  });
  onTestFinished(() => bed.stop());
  const names = clusterQueueNames('test', 'edge');
  const dead = bed.world.sqs.createQueue(names.deadLetterQueue, { FifoQueue: 'true' });
  const queue = bed.world.sqs.createQueue(names.queue, queueAttributes(dead.arn));
  const joins = (settings: object = {}) =>
    ssm.putParameter(`${PATH}edge`, JSON.stringify({ queueUrl: queue.url, ...settings }));
  const setAside = (which: string) =>
    bed.world.sqs.messages(which).map(({ attributes }) => attributes.reason?.StringValue);
  return {
    bed,
    queue,
    joins,
    inOwn: () => bed.world.sqs.messages(names.queue),
    deadOfEdge: () => setAside(names.deadLetterQueue),
  };
}

/** What an event source mapping hands over of a message for a node of `cluster` in that queue. */
async function eventOf(bed: Bed, queue: { url: string; arn: string }, cluster: string) {
  await sendTo(bed.sqs, queue.url, `${cluster}/node-a`, JSON.stringify(nodeMessage({ cluster })));
  return sqsEvent(await receiveFrom(bed.sqs, queue.url), queue.arn);
}

describe('a message in the queue of a cluster that joined', () => {
  test('is done if it names that cluster', async () => {
    const { bed, queue, joins } = await startJoined();
    joins();
    const event = await eventOf(bed, queue, 'edge');
    expect(await bed.reconcile(event)).toEqual({ batchItemFailures: [] });
  });

  test('is set aside in its own dead-letter queue if it names another', async () => {
    const { bed, queue, joins, deadOfEdge } = await startJoined();
    joins();
    const event = await eventOf(bed, queue, 'demo');
    expect(await bed.reconcile(event)).toEqual({ batchItemFailures: [] });
    expect(deadOfEdge()).toEqual([expect.stringContaining('cluster demo is not configured')]);
    expect(bed.world.sqs.messages(bed.world.deadLetterQueue.name)).toEqual([]);
  });

  test('is set aside at once if it names a cluster that has no settings, and the next one is done', async () => {
    const { bed, queue, joins, inOwn, deadOfEdge } = await startJoined();
    joins();
    const event = await eventOf(bed, queue, 'ghost');
    expect(await bed.reconcile(event)).toEqual({ batchItemFailures: [] });
    expect(deadOfEdge()).toEqual([expect.stringContaining('cluster ghost is not configured')]);
    expect(inOwn()).toHaveLength(1);
    expect(bed.telemetry.total('NodesRetried')).toBe(0);
  });

  test('waits in it while the settings are wrong, and is done afterwards', async () => {
    const { bed, queue, joins, inOwn, deadOfEdge } = await startJoined();
    joins({ policy: 'sink' });
    const event = await eventOf(bed, queue, 'edge');
    const [id] = event.Records.map(({ messageId }) => messageId);
    const waits = { batchItemFailures: [{ itemIdentifier: id }] };
    expect(await bed.reconcile(event)).toEqual(waits);
    // No metric has a dimension that a body alone names.
    expect(bed.telemetry.total('NodesRetried', 'none')).toBe(1);
    expect(bed.telemetry.total('NodesRetried')).toBe(1);
    expect(inOwn()).toHaveLength(1);
    expect(deadOfEdge()).toEqual([]);
    joins();
    expect(await bed.reconcile(event)).toEqual({ batchItemFailures: [] });
  });

  test('that is in the stage’s queue is set aside: nobody else speaks for the cluster', async () => {
    const { bed, joins, deadOfEdge } = await startJoined();
    joins();
    const event = await eventOf(bed, bed.world.queue, 'edge');
    expect(await bed.reconcile(event)).toEqual({ batchItemFailures: [] });
    expect(bed.world.sqs.messages(bed.world.deadLetterQueue.name)).toHaveLength(1);
    expect(deadOfEdge()).toEqual([]);
  });
});

import { ChangeMessageVisibilityCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Clients } from '../../../../../functions/context.ts';
import { ExpiredReceiptError, hold } from '../../../../../functions/reconcile/queue/hold.ts';
import { virtualClock } from '../../../../../sandbox/clock.ts';
import { nodeGroup } from '../../../../../shared/messages/group.ts';
import { type Bed, startBed } from '../../../../support/bed.ts';
import { embeddedCluster } from '../../../../support/embedded.ts';
import { messageFor } from '../../../../support/messages.ts';
import { NET_1 } from '../../../../support/networks.ts';
import { recordedCalls } from '../../../../support/recorded-calls.ts';
import type { Worker } from '../../../../support/stage.ts';
import { eventually } from '../../../../support/wait.ts';
import { enqueue, nextEvent } from '../../queued.ts';
import { envelope } from '../../records.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';

/** A bed with two workers, each with a pod that waits for an address. */
async function startTwo(wrap: (clients: Clients) => Clients = (clients) => clients) {
  const calls = recordedCalls();
  const bed = await startBed({ wrap: (clients) => calls.wrap(wrap(clients)) });
  onTestFinished(() => bed.stop());
  const cluster = embeddedCluster(bed.world, bed.world.cluster);
  const [a, b] = [await cluster.addWorker(), await cluster.addWorker()];
  await cluster.applyNetwork(NET_1);
  const run = async (name: string, on: Worker, ip: string) => {
    const pod = await cluster.runPod(name, { on, networks: [{ network: NET_1, ips: [ip] }] });
    await eventually(() => cluster.attachedTo(pod)).toEqual([ip]);
    return pod;
  };
  const pods = { a: await run('a', a, X), b: await run('b', b, Y) };
  return { bed, calls, cluster, a, b, pods };
}

function tell(bed: Bed, worker: Worker): Promise<void> {
  return enqueue(bed, nodeGroup(worker.cluster, worker.name), JSON.stringify(messageFor(worker)));
}

function visibilityCalls({ world }: Bed): number {
  return world.sqs.calls.filter(({ action }) => action === 'ChangeMessageVisibilityBatch').length;
}

describe('a batch', () => {
  test('reads while SQS is asked to keep its messages for it', async () => {
    const listed = Promise.withResolvers<void>();
    const { bed, cluster, a, pods } = await startTwo((clients) => ({
      ...clients,
      sqs: {
        send: new Proxy(clients.sqs.send.bind(clients.sqs), {
          async apply(target, self, args) {
            await listed.promise;
            return Reflect.apply(target, self, args);
          },
        }),
      },
      async kubernetesOf(name) {
        const kubernetes = await clients.kubernetesOf(name);
        return {
          ...kubernetes,
          async listPods(options) {
            const list = await kubernetes.listPods(options);
            listed.resolve();
            return list;
          },
        };
      },
    }));
    await tell(bed, a);

    expect(await bed.reconcile(await nextEvent(bed))).toEqual({ batchItemFailures: [] });
    expect(await cluster.conditionOf(pods.a)).toMatchObject({ status: 'True' });
  });

  test('writes nothing if SQS cannot be asked, and is retried', async () => {
    const { bed, calls, a } = await startTwo();
    await tell(bed, a);
    const event = await nextEvent(bed);
    bed.world.sqs.faults.fail('ChangeMessageVisibilityBatch', 3);
    const [record] = event.Records;

    expect(await bed.reconcile(event)).toEqual({
      batchItemFailures: [{ itemIdentifier: record?.messageId }],
    });
    expect(bed.world.ec2.eni(a.eth1).secondary).toEqual([]);
    expect(calls.writes).toEqual([]);
    expect(bed.telemetry.total('NodesRetried', 'demo')).toBe(1);
    expect(bed.telemetry.total('MessagesExpired')).toBe(0);
  });

  test('does the nodes that it has, and leaves one to whoever has its message', async () => {
    const { bed, calls, cluster, a, b, pods } = await startTwo();
    await tell(bed, a);
    const lost = await nextEvent(bed, 0);
    // The other execution's.
    await nextEvent(bed);
    await tell(bed, b);
    const had = await nextEvent(bed);

    expect(await bed.reconcile({ Records: [...lost.Records, ...had.Records] })).toEqual({
      batchItemFailures: [{ itemIdentifier: lost.Records[0]?.messageId }],
    });
    expect(await cluster.conditionOf(pods.b)).toMatchObject({ status: 'True' });
    expect(bed.world.ec2.eni(a.eth1).secondary).toEqual([]);
    expect(calls.writes.map(({ about }) => about)).not.toContain('a');
    expect(bed.telemetry.values('MessagesExpired', 'demo')).toEqual([1]);
    expect(bed.telemetry.total('NodesRetried')).toBe(0);
    expect(bed.telemetry.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        text: 'a node is left to whoever has its messages by now',
        subject: { cluster: 'demo', node: a.name },
      }),
    );
    // The renewal is all: a back-off would shorten what the other execution has.
    expect(visibilityCalls(bed)).toBe(1);
  });

  test('gives back at once those messages of such a node that it does have', async () => {
    const { bed, a } = await startTwo();
    await tell(bed, a);
    await tell(bed, a);
    const event = await nextEvent(bed);
    const [first, second] = event.Records;
    await bed.sqs.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: bed.world.queue.url,
        ReceiptHandle: first?.receiptHandle,
        VisibilityTimeout: 0,
      }),
    );

    const answer = await bed.reconcile(event);
    expect(answer.batchItemFailures).toHaveLength(2);
    expect(bed.world.ec2.eni(a.eth1).secondary).toEqual([]);
    expect(visibilityCalls(bed)).toBe(2);
    const waits = bed.world.sqs.messages(bed.world.queue.name).map(({ id, visibleAt }) => ({
      id,
      ms: visibleAt - Date.now(),
    }));
    expect(waits.find(({ id }) => id === second?.messageId)?.ms).toBeLessThanOrEqual(1_000);
  });

  test('is done by hand too, with an event that was in no queue', async () => {
    const { bed, cluster, a, pods } = await startTwo();
    const body = JSON.stringify(messageFor(a));
    const { attributes, ...made } = envelope('by-hand', 1, body);
    const record = { ...made, attributes: { ...attributes, ApproximateReceiveCount: '1' } };

    expect(await bed.reconcile({ Records: [record] })).toEqual({ batchItemFailures: [] });
    expect(await cluster.conditionOf(pods.a)).toMatchObject({ status: 'True' });
  });

  test('sets no message aside that somebody else has, or that SQS does not say', async () => {
    const bed = await startBed();
    onTestFinished(() => bed.stop());
    await enqueue(bed, 'g', 'no JSON');
    const lost = await nextEvent(bed, 0);
    const failures = [{ itemIdentifier: lost.Records[0]?.messageId }];
    expect(await bed.reconcile(lost)).toEqual({ batchItemFailures: failures });
    const had = await nextEvent(bed);
    bed.world.sqs.faults.fail('ChangeMessageVisibilityBatch', 3);
    expect(await bed.reconcile(had)).toEqual({ batchItemFailures: failures });

    expect(bed.world.sqs.messages(bed.world.deadLetterQueue.name)).toEqual([]);
    expect(bed.telemetry.total('MessagesMalformed')).toBe(0);
  });
});

/** What SQS says of the second of two messages; of the first it says that it was done. */
async function heldWith(entry: object | undefined) {
  const sqs = new SQSClient({ region: 'us-east-1' });
  onTestFinished(() => sqs.destroy());
  const inputs: unknown[] = [];
  sqs.middlewareStack.add(
    () =>
      async ({ input }) => {
        inputs.push(input);
        const Failed = entry && [{ Id: '1', ...entry }];
        const output = { $metadata: {}, Successful: [{ Id: '0' }], Failed };
        return { output, response: undefined };
      },
    { step: 'initialize' },
  );
  const [first, second] = [envelope('first'), envelope('second')];
  const context = { sqs, queueUrl: 'https://queue', clock: virtualClock() };
  const held = hold(context, [first, second], 45_000);
  const outcome = (of: typeof first) => held([of]).catch((error: unknown) => error);
  return { first: await outcome(first), second: await outcome(second), inputs, envelope: second };
}

describe('what SQS says of a message', () => {
  const EXPIRED = 'The receipt handle has expired';
  const INVALID = `Value AQEB for parameter ReceiptHandle is invalid. Reason: ${EXPIRED}.`;
  const GONE = 'Message does not exist or is not available for visibility timeout change.';
  test.each([
    { Code: 'InvalidParameterValue', Message: INVALID, SenderFault: true },
    { Code: 'ReceiptHandleIsInvalid', Message: EXPIRED, SenderFault: true },
    { Code: 'InvalidParameterValue', Message: GONE, SenderFault: true },
    { Code: 'SomethingNew', Message: 'no', SenderFault: true },
  ])('$Code: $Message: it is somebody else’s', async (entry) => {
    const { first, second, envelope: lost } = await heldWith(entry);
    expect(first).toBeUndefined();
    expect(second).toBeInstanceOf(ExpiredReceiptError);
    expect(second).toMatchObject({ envelopes: [lost] });
  });

  test.each([
    { Code: 'InternalError', Message: 'try again', SenderFault: false },
    { Code: 'InternalError' },
    undefined,
  ])('%o: nobody knows whose it is', async (entry) => {
    const { first, second } = await heldWith(entry);
    expect(first).toBeUndefined();
    expect(second).toBeInstanceOf(Error);
    expect(second).not.toBeInstanceOf(ExpiredReceiptError);
  });

  test('it is asked to keep them for longer than a reconcile may take', async () => {
    const { inputs } = await heldWith(undefined);
    expect(inputs).toMatchObject([
      { Entries: [{ VisibilityTimeout: 75 }, { VisibilityTimeout: 75 }] },
    ]);
  });
});

import { describe, expect, test } from 'vitest';
import type { WorldCluster } from '../../../sandbox/world.ts';
import { nodeGroup } from '../../../shared/messages/group.ts';
import { scenePod } from '../../schedules/scene-pod.ts';
import type { ClientCall } from '../../support/interposed.ts';
import { nodeMessage } from '../../support/messages.ts';
import { startHangingBed } from './hanging.ts';
import { enqueue, nextEvent } from './queued.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
/** What the bed's function gives a node, and what the function keeps for answering: handler.ts. */
const DEADLINE_MS = 20_000;
const ANSWERING_MS = 5_000;

const ipam = { type: 'host-local', ranges: [[{ subnet: '172.16.1.0/24' }]] };
const config = JSON.stringify({ cniVersion: '0.3.1', type: 'ipvlan', master: 'eth1', ipam });
const NET = { metadata: { name: 'net-1', namespace: 'default' }, spec: { config } };

/**
 * A batch of three: for a, whose pod takes X over from c; for b, of another cluster, whose pod
 * waits for Y; and one that cannot be read.
 */
async function startBatch() {
  const hanging = await startHangingBed(['demo', 'other']);
  const { bed, clock } = hanging;
  const [demo, other] = [...bed.world.clusters.values()];
  if (demo === undefined || other === undefined) throw new Error('two clusters are needed');
  const addWorker = ({ addWorker: add, nodes }: WorldCluster, name: string) => {
    const worker = add([{ deviceIndex: 1, subnetId: bed.world.subnets.multus1 }], { name });
    nodes.stopKubelet(name);
    return { ...worker, eth1: worker.enis[1]?.id ?? '' };
  };
  for (const { kubernetes } of [demo, other]) {
    kubernetes.objects.create('network-attachment-definitions', NET);
  }
  const [a, c] = [addWorker(demo, 'a'), addWorker(demo, 'c')];
  addWorker(other, 'b');
  const bodyFor = ({ name: cluster }: WorldCluster, node: string): string => {
    const observedAt = new Date(clock.now()).toISOString();
    return JSON.stringify(nodeMessage({ cluster, node, observedAt }));
  };
  const receive = async (group: string, body: string) => {
    await enqueue(bed, group, body);
    return nextEvent(bed);
  };
  const holder = scenePod(demo.kubernetes.objects, 'holder', { node: 'c', ips: [X] });
  await bed.reconcile(await receive(nodeGroup('demo', 'c'), bodyFor(demo, 'c')));
  expect(bed.world.ec2.eni(c.eth1).secondary).toEqual([X]);
  holder.terminate();
  scenePod(demo.kubernetes.objects, 'taker', { node: 'a', ips: [X] });
  const waiting = scenePod(other.kubernetes.objects, 'waiting', { node: 'b', ips: [Y] });

  const events = [
    await receive(nodeGroup('demo', 'a'), bodyFor(demo, 'a')),
    await receive(nodeGroup('other', 'b'), bodyFor(other, 'b')),
    await receive('malformed', 'no JSON'),
  ];
  const Records = events.flatMap((event) => event.Records);
  const names = new Map(['a', 'b', 'malformed'].map((name, at) => [Records[at]?.messageId, name]));
  return {
    ...hanging,
    ofA: [a.instanceId, a.eth1],
    ofC: c.eth1,
    told: waiting.told,
    /** The messages of the batch that are to be retried, and how long the answer took, ms. */
    async deliver() {
      const { result, ms } = await hanging.passTime(bed.reconcile({ Records }));
      const failed = result.batchItemFailures.map(({ itemIdentifier: id }) => names.get(id));
      return { failed: failed.toSorted(), ms };
    },
  };
}

type Batch = Awaited<ReturnType<typeof startBatch>>;
type Matcher = (call: ClientCall, batch: Batch) => boolean;

const onA =
  (action: string): Matcher =>
  ({ name, input }, { ofA }) =>
    name === action && ofA.some((id) => input.includes(id));
const ofDemo =
  (method: string): Matcher =>
  ({ name, input }) =>
    name === method && input.includes('"demo"');
const named =
  (action: string): Matcher =>
  ({ name }) =>
    name === action;
const seconds = (input: string): number => Number(/"VisibilityTimeout":(\d+)/.exec(input)?.[1]);
/** Of the visibility of messages: at the beginning of the batch it is renewed, at its end shortened. */
const renewal: Matcher = ({ name, input }) =>
  name === 'ChangeMessageVisibilityBatch' && seconds(input) > 1;
const backOff: Matcher = ({ name, input }) =>
  name === 'ChangeMessageVisibilityBatch' && seconds(input) <= 1;

describe('a batch is answered in time, and what can be done of it is, where', () => {
  const cases: readonly (readonly [string, Matcher])[] = [
    ['EC2 does not show ENIs', onA('DescribeNetworkInterfaces')],
    ['EC2 does not assign', onA('AssignPrivateIpAddresses')],
    ['EC2 does not unassign', named('UnassignPrivateIpAddresses')],
    [
      'EKS does not tell of a cluster',
      ({ name, input }) => name === 'DescribeCluster' && input === 'demo',
    ],
    ['an API server does not give a Node', ofDemo('getNode')],
    ['an API server does not list pods', ofDemo('listPods')],
    ['an API server does not list Nodes', ofDemo('listNodes')],
    ['an API server does not list networks', ofDemo('listNetworkAttachmentDefinitions')],
    ['an API server does not take a condition', ofDemo('setPodCondition')],
    ['an API server does not take an Event', ofDemo('writeEvent')],
    ['SQS does not take that an address was taken', named('SendMessageBatch')],
    [
      'SQS does not set the back-off of a node that failed',
      (call, batch) => backOff(call, batch) || ofDemo('listPods')(call, batch),
    ],
  ];
  test.each(cases)('%s', async (_, matches) => {
    const batch = await startBatch();
    batch.hang((call) => matches(call, batch));
    const { failed, ms } = await batch.deliver();

    expect(batch.hung().length).toBeGreaterThan(0);
    expect(failed).toEqual(['a']);
    expect(ms).toBeLessThanOrEqual(DEADLINE_MS + ANSWERING_MS);
    expect(batch.told()).toMatch(/^Assigned: /);
  });

  test('the dead-letter queue does not take a message', async () => {
    const batch = await startBatch();
    batch.hang(({ name }) => name === 'SendMessage');
    const { failed, ms } = await batch.deliver();

    expect(failed).toEqual(['malformed']);
    expect(ms).toBeLessThanOrEqual(DEADLINE_MS + ANSWERING_MS);
    expect(batch.told()).toMatch(/^Assigned: /);
    expect(batch.bed.world.ec2.holderOf(X)?.eniId).toBe(batch.ofA[1]);
  });

  test('SQS does not keep its messages, and then nothing is written', async () => {
    const batch = await startBatch();
    batch.hang((call) => renewal(call, batch));
    const { failed, ms } = await batch.deliver();

    expect(failed).toEqual(['a', 'b', 'malformed']);
    expect(ms).toBeLessThanOrEqual(DEADLINE_MS + ANSWERING_MS);
    expect(batch.told()).toBe('');
    expect(batch.bed.world.ec2.holderOf(X)?.eniId).toBe(batch.ofC);
  });

  test('SQS answers nothing at all', async () => {
    const batch = await startBatch();
    batch.hang(({ name }) => /Message/.test(name));
    const { failed, ms } = await batch.deliver();

    expect(failed).toEqual(['a', 'b', 'malformed']);
    expect(ms).toBeLessThanOrEqual(DEADLINE_MS + ANSWERING_MS);
  });
});

describe('a sweep ends in time where', () => {
  test('EC2 does not show the ENIs', async () => {
    const { bed, hang, passTime } = await startBatch();
    hang(({ name }) => name === 'DescribeNetworkInterfaces');
    const sweeping = bed.sweep().catch((error: unknown) => error);
    const { result, ms } = await passTime(sweeping);

    expect(result).toMatchObject({ name: 'DeadlineError' });
    expect(ms).toBeLessThanOrEqual(DEADLINE_MS + ANSWERING_MS);
  });

  test('an API server does not list pods, and sweeps the other cluster', async () => {
    const batch = await startBatch();
    batch.hang((call) => ofDemo('listPods')(call, batch));
    const { ms } = await batch.passTime(batch.bed.sweep());

    expect(ms).toBeLessThanOrEqual(DEADLINE_MS + ANSWERING_MS);
    expect(batch.bed.telemetry.total('SweepFailed', 'demo')).toBe(1);
    expect(batch.bed.telemetry.total('SweepCompleted', 'other')).toBe(1);
  });
});

import { PurgeQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import { ROLE_ARN } from '../../../sandbox/aws.ts';
import { configureStage } from '../../../sandbox/world.ts';
import { KUBERNETES_GROUP } from '../../../shared/cluster/errors.ts';
import { ownerName } from '../../../shared/control.ts';
import { VERSION } from '../../../shared/version.ts';
import { installedBed, look } from './doctor-bed.ts';
import type { OperatorBed } from './operator-bed.ts';

const RECONCILE = 'multus-eni-reconciler-demo-reconcile';
const SCHEDULE = 'multus-eni-reconciler-demo-SweepSchedule-demo';
const SWEEP_ARN = 'arn:aws:lambda:us-east-1:111122223333:function:multus-eni-reconciler-demo-sweep';

/** Whether the group may do this and that; each test begins with everything. */
let forbidden: (access: { verb: string; resource: string }) => boolean;
beforeEach(() => {
  forbidden = () => false;
});

const installed = () =>
  installedBed({
    authorize: ({ groups }, access) => !groups.includes(KUBERNETES_GROUP) || !forbidden(access),
  });

/** A pod of the forwarder, as its Deployment makes it and as EKS Pod Identity completes it. */
function forwarderPod({ bed }: OperatorBed, tag: string, variables: readonly string[]): void {
  bed.world.cluster.kubernetes.objects.create('pods', {
    metadata: {
      name: `forwarder-${tag}`,
      namespace: 'multus-eni',
      labels: { 'app.kubernetes.io/name': 'multus-eni-forwarder' },
    },
    spec: {
      containers: [
        {
          name: 'forwarder',
          image: `registry.example/multus-eni-reconciler:${tag}`,
          env: variables.map((name) => ({ name, value: 'given' })),
        },
      ],
    },
  });
}

const POD_IDENTITY = ['AWS_CONTAINER_CREDENTIALS_FULL_URI'];
type Change = (bed: OperatorBed) => unknown;

const CASES: readonly (readonly [string, string, Change, Change])[] = [
  [
    'ME502',
    'the event source mapping of http',
    ({ bed: { world } }) => world.lambda.removeMapping(world.queue.arn),
    ({ bed: { world } }) =>
      world.lambda.setMapping({ functionName: RECONCILE, queueArn: world.queue.arn }),
  ],
  [
    'ME502',
    'is Disabled',
    ({ bed: { world } }) =>
      world.lambda.setMapping({
        ...{ functionName: RECONCILE, queueArn: world.queue.arn, state: 'Disabled' },
      }),
    ({ bed: { world } }) =>
      world.lambda.setMapping({ functionName: RECONCILE, queueArn: world.queue.arn }),
  ],
  [
    'ME503',
    `the schedule ${SCHEDULE} is disabled`,
    ({ bed: { world } }) =>
      world.scheduler.setSchedule({
        ...{ name: SCHEDULE, targetArn: SWEEP_ARN, input: '{"cluster":"demo"}', state: 'DISABLED' },
      }),
    ({ bed: { world } }) =>
      world.scheduler.setSchedule({
        ...{ name: SCHEDULE, targetArn: SWEEP_ARN, input: '{"cluster":"demo"}' },
      }),
  ],
  [
    'ME503',
    'no schedule has demo swept',
    // That of another cluster is none of this one.
    ({ bed: { world } }) =>
      world.scheduler.setSchedule({
        ...{ name: SCHEDULE, targetArn: SWEEP_ARN, input: '{"cluster":"other"}' },
      }),
    ({ bed: { world } }) =>
      world.scheduler.setSchedule({
        ...{ name: SCHEDULE, targetArn: SWEEP_ARN, input: '{"cluster":"demo"}' },
      }),
  ],
  [
    'ME504',
    'has 1 message',
    ({ bed }) =>
      bed.sqs.send(
        new SendMessageCommand({
          ...{ QueueUrl: bed.world.deadLetterQueue.url, MessageBody: 'a' },
          ...{ MessageGroupId: 'demo/n', MessageDeduplicationId: 'a' },
        }),
      ),
    ({ bed }) => bed.sqs.send(new PurgeQueueCommand({ QueueUrl: bed.world.deadLetterQueue.url })),
  ],
  [
    'ME511',
    'says that stage other serves demo',
    ({ bed: { world } }) => world.ssm.putParameter(ownerName('demo'), 'other'),
    ({ bed: { world } }) => world.ssm.putParameter(ownerName('demo'), 'demo'),
  ],
  [
    'ME505',
    `${ROLE_ARN} has no access entry in demo`,
    ({ bed: { world } }) => world.eks.removeAccessEntry('demo', ROLE_ARN),
    ({ bed: { world } }) =>
      world.eks.addAccessEntry('demo', ROLE_ARN, 'functions', [KUBERNETES_GROUP]),
  ],
  [
    'ME505',
    `lacks the group in demo: ${KUBERNETES_GROUP}`,
    ({ bed: { world } }) => world.eks.addAccessEntry('demo', ROLE_ARN, 'functions', ['others']),
    ({ bed: { world } }) =>
      world.eks.addAccessEntry('demo', ROLE_ARN, 'functions', [KUBERNETES_GROUP]),
  ],
  [
    'ME506',
    `the group ${KUBERNETES_GROUP} may not patch pods/status`,
    () => {
      forbidden = ({ resource }) => resource === 'pods/status';
    },
    () => {
      forbidden = () => false;
    },
  ],
  [
    'ME507',
    `${ROLE_ARN} may not sqs:SendMessage on arn:aws:sqs:us-east-1:111122223333:multus`,
    ({ bed: { world } }) => world.iam.decideBy(({ action }) => action !== 'sqs:SendMessage'),
    ({ bed: { world } }) => world.iam.decideBy(() => true),
  ],
  [
    'ME508',
    'demo has a private endpoint only, and the functions are in no VPC',
    (bed) => reachedBy(bed, { public: false, private: true }),
    ({ bed: { world } }) =>
      world.lambda.setConfiguration(RECONCILE, world.environment, {
        ...{ role: ROLE_ARN, subnetIds: ['subnet-1'] },
      }),
  ],
  [
    'ME508',
    'lets named addresses in only',
    (bed) => reachedBy(bed, { publicCidrs: ['203.0.113.0/24'] }),
    (bed) => reachedBy(bed, {}),
  ],
  [
    'ME509',
    `multus-eni/forwarder-v99.0.0 is 99.0.0, and the functions are ${VERSION}`,
    (bed) => forwarderPod(bed, 'v99.0.0', POD_IDENTITY),
    ({ bed: { world } }) =>
      world.cluster.kubernetes.objects.delete(
        'pods',
        { namespace: 'multus-eni', name: 'forwarder-v99.0.0' },
        { gracePeriodSeconds: 0 },
      ),
  ],
  [
    'ME509',
    `this program is ${VERSION}, and the functions are 99.0.0`,
    ({ bed: { world } }) =>
      configureStage(world, { ...world.environment, PRODUCT_VERSION: '99.0.0' }),
    ({ bed: { world } }) => configureStage(world, world.environment),
  ],
  [
    'ME510',
    'multus-eni/forwarder-latest was given no role',
    (bed) => forwarderPod(bed, 'latest', []),
    (bed) => {
      const ref = { namespace: 'multus-eni', name: 'forwarder-latest' };
      bed.bed.world.cluster.kubernetes.objects.delete('pods', ref, { gracePeriodSeconds: 0 });
      forwarderPod(bed, 'latest', POD_IDENTITY);
    },
  ],
  [
    'ME303',
    'the account runs 4 executions at once, and 5 are needed',
    ({ bed: { world } }) => world.lambda.setConcurrency(4),
    ({ bed: { world } }) => world.lambda.setConcurrency(10),
  ],
];

function reachedBy({ bed: { world } }: OperatorBed, endpointAccess: object): void {
  const cluster = world.eks.cluster('demo');
  if (cluster === undefined) throw new Error('there is no cluster demo');
  world.eks.addCluster({ ...cluster, endpointAccess });
}

describe('of a stage doctor finds', () => {
  test.each(CASES)('%s: %s; and passes once it is mended', async (code, text, spoil, mend) => {
    const bed = await installed();
    await bed.cluster.addNamespace('multus-eni');
    await spoil(bed);
    const found = await look(bed);
    expect(found.codes).toEqual([code]);
    expect(found.text).toContain(text);
    await mend(bed);
    expect((await look(bed)).codes).toEqual([]);
  });

  test('ME502: a queue that does not exist', async () => {
    const bed = await installed();
    const { world } = bed.bed;
    const { environment } = world;
    const QUEUE_URL = environment.QUEUE_URL?.replace(/[^/]+$/, 'gone.fifo') ?? '';
    configureStage(world, { ...environment, QUEUE_URL });
    const { codes, text } = await look(bed);
    expect(codes).toEqual(['ME502']);
    expect(text).toContain('gone.fifo does not exist');
    expect(text).toContain('not checked - ME507 role-lacks-permissions: the queue does not exist');
  });
});

test('what may not be asked is not checked, and the right is named', async () => {
  const bed = await installed();
  const { world } = bed.bed;
  world.lambda.deny('ListEventSourceMappings');
  world.lambda.deny('GetAccountSettings');
  world.scheduler.deny();
  world.iam.deny();
  const { faults } = world.cluster.kubernetes;
  faults.failNext(100, ({ resource }) => resource === 'subjectaccessreviews', 403);
  const { codes, text } = await look(bed);
  expect(codes).toEqual([]);
  expect(text).toContain(
    'ME303 concurrency-too-low, ME305 calls-not-shared, ME502 queue-not-read: you lack the right lambda:ListEventSourceMappings',
  );
  expect(text).toContain(
    'ME503 sweep-not-scheduled: you lack the right scheduler:ListSchedules, scheduler:GetSchedule',
  );
  expect(text).toContain(
    'ME506 rights-lacking: you lack the right create subjectaccessreviews.authorization.k8s.io',
  );
  expect(text).toContain(
    'ME507 role-lacks-permissions: you lack the right iam:SimulatePrincipalPolicy',
  );
  expect(text).toMatch(/demo: \d+ checks, and nothing is wrong/);
});

test('what cannot be reached is not checked, and says so', async () => {
  const bed = await installed();
  await bed.bed.world.scheduler.stop();
  const { codes, text } = await look(bed);
  expect(codes).toEqual([]);
  expect(text).toContain('ME503 sweep-not-scheduled: could not use scheduler:ListSchedules');
});

test('without a stage nobody knows what is deployed, and that is told once', async () => {
  const bed = await installed();
  const { codes, text } = await look(bed, 'doctor --cluster demo');
  expect(codes).toEqual([]);
  expect(text.match(/give --stage/g)).toHaveLength(1);
});

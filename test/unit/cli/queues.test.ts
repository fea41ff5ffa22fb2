import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { expect, onTestFinished, test, vi } from 'vitest';
import { findDeadLetters, findQueue, type QueueSources } from '../../../cli/queues.ts';
import { outsideOf } from '../../../cli/replay/outside.ts';
import { clusterQueueNames, settingsPath } from '../../../resources/names.ts';
import { startCloudFormation } from '../../../sandbox/cloudformation/server.ts';
import { startSqs } from '../../../sandbox/sqs/start.ts';
import { startSsm } from '../../../sandbox/ssm/server.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { sqsClient } from '../../support/clients.ts';

const common = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox' },
  maxAttempts: 1,
};

interface Account extends QueueSources {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
  /** Of the cluster `edge`, which joined the stage `prod`. */
  readonly edge: { readonly queueUrl: string; readonly deadLetterQueueUrl: string };
  /** With neither stack nor redrive policy. */
  readonly plainQueueUrl: string;
}

/** An account with the stack of the stage `prod`, which a cluster joined, and of `old` with no outputs. */
async function startAccount(): Promise<Account> {
  const sandbox = await startSqs();
  const deadLetters = sandbox.createQueue('prod-dead-letter.fifo');
  const redrive = { deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 100 };
  const queue = sandbox.createQueue('prod.fifo', { RedrivePolicy: JSON.stringify(redrive) });
  const sqs = sqsClient(sandbox.endpoint);
  const outputs = { QueueUrl: queue.url, DeadLetterQueueUrl: deadLetters.url };
  const cloudFormation = await startCloudFormation();
  cloudFormation.setStack('multus-eni-reconciler-prod', outputs);
  cloudFormation.setStack('multus-eni-reconciler-old', {});
  cloudFormation.deny('multus-eni-reconciler-secret');
  const ssm = await startSsm();
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'sandbox');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'sandbox');
  const names = clusterQueueNames('prod', 'edge');
  const ownLetters = sandbox.createQueue(names.deadLetterQueue);
  const ownRedrive = { deadLetterTargetArn: ownLetters.arn, maxReceiveCount: 100 };
  const own = sandbox.createQueue(names.queue, { RedrivePolicy: JSON.stringify(ownRedrive) });
  ssm.putParameter(`${settingsPath('prod')}edge`, JSON.stringify({ queueUrl: own.url }));
  const outside = outsideOf({
    clock: systemClock,
    stdout: process.stdout,
    stderr: process.stderr,
    interrupted: () => new AbortController().signal,
  });
  onTestFinished(async () => {
    sqs.destroy();
    await Promise.all([cloudFormation, sandbox, ssm].map((each) => each.stop()));
  });
  return {
    sqs,
    queueOfJoined: outside.aws('us-east-1').queueOfJoined,
    edge: { queueUrl: own.url, deadLetterQueueUrl: ownLetters.url },
    cloudFormation: new CloudFormationClient({ ...common, endpoint: cloudFormation.endpoint }),
    queueUrl: queue.url,
    deadLetterQueueUrl: deadLetters.url,
    plainQueueUrl: sandbox.createQueue('plain.fifo').url,
  };
}

test('a stage’s queues are those of its stack’s outputs', async () => {
  const account = await startAccount();
  const { queueUrl, deadLetterQueueUrl } = account;
  expect(await findQueue(account, { stage: 'prod' })).toBe(queueUrl);
  expect(await findDeadLetters(account, { stage: 'prod' })).toEqual({
    queueUrl,
    deadLetterQueueUrl,
    maxReceiveCount: 100,
  });
});

test('a cluster that joined has queues of its own, and one that is listed the stage’s', async () => {
  const account = await startAccount();
  const { edge, queueUrl, deadLetterQueueUrl } = account;
  const choice = { stage: 'prod', cluster: 'edge' };
  expect(await findQueue(account, choice)).toBe(edge.queueUrl);
  expect(await findDeadLetters(account, choice)).toEqual({
    ...edge,
    maxReceiveCount: 100,
    owner: 'edge',
  });
  const listed = { stage: 'prod', cluster: 'demo' };
  expect(await findQueue(account, listed)).toBe(queueUrl);
  expect(await findDeadLetters(account, listed)).toMatchObject({ queueUrl, deadLetterQueueUrl });
  const named = { queueUrl, cluster: 'edge' };
  expect(await findQueue(account, named)).toBe(queueUrl);
});

test('a queue that is named is taken, with the dead-letter queue of its redrive policy', async () => {
  const account = await startAccount();
  const { queueUrl, deadLetterQueueUrl } = account;
  const choice = { stage: 'none', queueUrl };
  expect(await findQueue(account, choice)).toBe(queueUrl);
  expect(await findDeadLetters(account, choice)).toMatchObject({ queueUrl, deadLetterQueueUrl });
});

test('a dead-letter queue that is named is taken', async () => {
  const account = await startAccount();
  const choice = {
    stage: 'none',
    queueUrl: account.plainQueueUrl,
    deadLetterQueueUrl: account.deadLetterQueueUrl,
  };
  expect(await findDeadLetters(account, choice)).toEqual({
    queueUrl: account.plainQueueUrl,
    deadLetterQueueUrl: account.deadLetterQueueUrl,
    maxReceiveCount: undefined,
  });
});

test.each([
  { why: 'the stage has no stack', stage: 'test', says: /^stage test has no stack .*-test/ },
  { why: 'the stack lacks the output', stage: 'old', says: /-old has no output QueueUrl/ },
])('it is bad input if $why', async ({ stage, says }) => {
  const account = await startAccount();
  const error = { name: 'BadInput', message: expect.stringMatching(says) };
  await expect(findQueue(account, { stage })).rejects.toMatchObject(error);
  await expect(findDeadLetters(account, { stage })).rejects.toMatchObject(error);
});

test('it is bad input if the queue has no dead-letter queue', async () => {
  const account = await startAccount();
  const choice = { stage: 'none', queueUrl: account.plainQueueUrl };
  await expect(findDeadLetters(account, choice)).rejects.toMatchObject({
    name: 'BadInput',
    message: expect.stringContaining('give --dead-letter-queue-url'),
  });
});

test('a stack that may not be described is told with what is lacking', async () => {
  const account = await startAccount();
  await expect(findQueue(account, { stage: 'secret' })).rejects.toMatchObject({
    name: 'Failed',
    message:
      'could not describe the stack multus-eni-reconciler-secret: AccessDenied: User: u is not authorized (your role lacks this permission)',
  });
});

test('a queue that is not there is told with what to check', async () => {
  const account = await startAccount();
  const queueUrl = account.queueUrl.replace('prod', 'gone');
  await expect(findDeadLetters(account, { stage: 'none', queueUrl })).rejects.toMatchObject({
    name: 'BadInput',
    message: expect.stringMatching(/could not read the attributes of .*check the URL/),
  });
});

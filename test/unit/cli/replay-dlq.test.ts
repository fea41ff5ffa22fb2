import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import { podMessage, type ReplayQueues, startQueues } from './replay-queues.ts';

const MALFORMED = '{"version":1,"cluster":"demo","node":"n1","pods":"x"}';
/** For longer than a replay holds a message. */
const LONGER_MS = 61_000;

async function replayJson({ replay }: ReplayQueues, ...args: string[]) {
  const { code, stdout } = await replay(['dlq', '--json', ...args]);
  return { code, ...JSON.parse(stdout) };
}

const nodesIn = (bodies: readonly unknown[]) =>
  bodies.map((body) => (body as { node: string }).node).toSorted();

test('sends a message again as a replay, pods and time as they were, and removes it', async () => {
  const queues = await startQueues();
  const message = podMessage('n1');
  await queues.letDie(message);
  const { code, stdout } = await queues.replay(['dlq']);
  expect(code).toBe(0);
  expect(stdout).toBe(`Sent 1 message to ${queues.url}.\n`);
  expect(queues.bodies()).toEqual([{ ...message, reason: 'replay' }]);
  expect(queues.deadBodies()).toEqual([]);
});

test('a message that is replayed a minute after it was first sent is delivered', async () => {
  const queues = await startQueues();
  await queues.send(podMessage('n1'), 'first-id');
  await queues.receive();
  queues.clock.advance(30_000);
  await queues.receive();
  queues.clock.advance(30_000);
  expect(queues.deadBodies()).toHaveLength(1);
  await queues.replay(['dlq']);
  expect(await queues.receive()).toHaveLength(1);
});

test('goes through all of a node’s messages, in their order', async () => {
  const queues = await startQueues();
  const names = Array.from({ length: 25 }, (_, n) => `p${n}`);
  await queues.letDie(...names.map((name) => podMessage('n1', name)));
  expect(await replayJson(queues)).toMatchObject({ code: 0, sent: 25, notSeen: 0 });
  const replayed = await queues.bodies();
  expect(replayed).toEqual(names.map((name) => podMessage('n1', name, { reason: 'replay' })));
});

test('leaves what would fail again unchanged, and says so', async () => {
  const queues = await startQueues();
  await queues.setAside('demo/n1', MALFORMED, 'pods: no list');
  await queues.letDie(...Array.from({ length: 15 }, (_, n) => podMessage('n1', `p${n}`)));
  const { code, stdout } = await queues.replay(['dlq']);
  expect(stdout).toContain('Sent 15 messages');
  expect(stdout).toContain(
    '(demo/n1), which would fail again unchanged: malformed: pods: no list\n',
  );
  expect(code).toBe(0);
  expect(queues.deadBodies()).toEqual([MALFORMED]);
});

test('says what it did not see behind messages of a node that it had to leave', async () => {
  const queues = await startQueues();
  for (let n = 0; n < 10; n += 1) await queues.setAside('demo/n1', MALFORMED, 'no list');
  await queues.letDie(podMessage('n1'), podMessage('n2'));
  expect(await replayJson(queues)).toMatchObject({ sent: 1, notSeen: 1 });
  expect(nodesIn(queues.bodies())).toEqual(['n2']);
});

test.each([
  { args: ['--cluster', 'other'], sent: ['n3'] },
  { args: ['--node', 'n2'], sent: ['n2'] },
  { args: ['--cluster', 'demo', '--node', 'n3'], sent: [] },
  { args: ['--reason', 'LOG OF RECONCILE for demo'], sent: ['n1', 'n2'] },
  { args: ['--reason', 'not configured'], sent: ['n4'] },
])('sends only what matches $args', async ({ args, sent }) => {
  const queues = await startQueues();
  await queues.letDie(
    podMessage('n1'),
    podMessage('n2'),
    podMessage('n3', 'a', { cluster: 'other' }),
  );
  const unknown = podMessage('n4', 'a', { cluster: 'new' });
  await queues.setAside('new/n4', JSON.stringify(unknown), 'cluster new is not configured');
  const { code, notMatching } = await replayJson(queues, ...args);
  expect(nodesIn(queues.bodies())).toEqual(sent);
  expect(notMatching).toBe(4 - sent.length);
  expect(code).toBe(sent.length === 0 ? 3 : 0);
  expect(queues.deadBodies()).toHaveLength(4 - sent.length);
});

test('what it left can be seen at once', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'), podMessage('n2'));
  await queues.replay(['dlq', '--node', 'n1']);
  const { messages, held } = JSON.parse((await queues.replay(['list', '--json'])).stdout);
  expect(messages).toMatchObject([{ node: 'n2' }]);
  expect(held).toBe(0);
});

test('sends no more than it may', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 25 }, (_, n) => podMessage(`n${n}`)));
  expect(await replayJson(queues, '--max', '12')).toMatchObject({ code: 0, sent: 12 });
  expect(queues.bodies()).toHaveLength(12);
  expect(queues.deadBodies()).toHaveLength(13);
});

test('a dry run tells what it would send, and changes nothing', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'), podMessage('n2'));
  const { code, stdout } = await queues.replay(['dlq', '--dry-run']);
  expect(stdout).toMatch(`Would send 2 messages to ${queues.url}.\n`);
  expect(stdout).toMatch(/^demo +n1 +default\/a (.|\n)*^demo +n2 +default\/a /m);
  expect(code).toBe(0);
  expect(queues.bodies()).toEqual([]);
  expect(queues.deadBodies()).toHaveLength(2);
});

test('says that the queue is empty', async () => {
  const queues = await startQueues();
  const { code, stdout } = await queues.replay(['dlq']);
  expect(stdout).toContain('The dead-letter queue is empty.');
  expect(code).toBe(3);
});

test('a message that comes back while it is sent is not sent a second time', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'));
  queues.on('after', 'SendMessageBatch', async () => queues.clock.advance(LONGER_MS));
  expect(await replayJson(queues)).toMatchObject({ code: 0, sent: 1, notRemoved: [] });
  expect(queues.bodies()).toHaveLength(1);
  expect(queues.deadBodies()).toEqual([]);
});

test('says of a message that another operator received meanwhile that it may be sent again', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'));
  queues.on('after', 'SendMessageBatch', async () => {
    queues.clock.advance(LONGER_MS);
    await queues.client.send(
      new ReceiveMessageCommand({ QueueUrl: queues.deadLetterUrl, VisibilityTimeout: 600 }),
    );
  });
  const { code, stderr } = await queues.replay(['dlq']);
  expect(stderr).toContain('was sent, but is still in the dead-letter queue');
  expect(code).toBe(1);
  expect(queues.bodies()).toHaveLength(1);
  expect(queues.deadBodies()).toHaveLength(1);
});

test('two replays at once send each message once', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 40 }, (_, n) => podMessage(`n${n}`)));
  await Promise.all([queues.replay(['dlq']), queues.replay(['dlq'])]);
  expect(new Set(nodesIn(queues.bodies())).size).toBe(40);
  expect(queues.bodies()).toHaveLength(40);
  expect(queues.deadBodies()).toEqual([]);
});

test('a send whose answer is lost is repeated, and delivered once', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'));
  queues.faults.loseResponse('SendMessageBatch', 1);
  expect(await replayJson(queues)).toMatchObject({ code: 0, sent: 1 });
  expect(queues.bodies()).toHaveLength(1);
});

test('nothing is removed that the queue did not accept', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'), podMessage('n2'));
  queues.on('before', 'SendMessageBatch', async () => {
    throw Object.assign(new Error('User: arn:… is not authorized to perform: sqs:SendMessage'), {
      name: 'AccessDenied',
    });
  });
  const { code, stderr } = await queues.replay(['dlq']);
  expect(stderr).toContain(
    `could not send to ${queues.url}: AccessDenied: User: arn:… is not authorized to perform: sqs:SendMessage (your role lacks this permission)`,
  );
  expect(code).toBe(1);
  expect(queues.deadBodies()).toHaveLength(2);
  expect((await queues.replay(['list'])).code).toBe(0);
});

test('says which setting admits the operator whom the policy of the queue refuses', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'));
  queues.on('before', 'ReceiveMessage', async () => {
    const who =
      'User: arn:aws:sts::111122223333:assumed-role/oncall/me is not authorized to perform';
    const where = 'on resource: arn:aws:sqs:us-east-1:111122223333:dead-letter.fifo';
    const why = 'with an explicit deny in a resource-based policy';
    throw Object.assign(new Error(`${who}: sqs:receivemessage ${where} ${why}`), {
      name: 'AccessDenied',
    });
  });
  const { code, stderr } = await queues.replay(['list']);
  expect(code).toBe(1);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
    "(the queue's policy does not admit you: add the ARN of your role to iam.operators in config/<stage>.yml, or to Operators of the stack of a cluster that joined, and deploy)",
  );
});

test('stops if it may not remove what it sent, and says what was sent', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 25 }, (_, n) => podMessage(`n${n}`)));
  queues.on('before', 'DeleteMessageBatch', async () => {
    throw Object.assign(new Error('no'), { name: 'AccessDenied' });
  });
  const { code, sent, notRemoved, failure } = await replayJson(queues);
  expect({ code, sent }).toEqual({ code: 1, sent: 10 });
  expect(notRemoved).toHaveLength(10);
  expect(failure).toContain(`could not delete from ${queues.deadLetterUrl}: AccessDenied`);
  expect(queues.deadBodies()).toHaveLength(25);
});

test('Ctrl-C ends it after the batch that is under way', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 25 }, (_, n) => podMessage(`n${n}`)));
  const interrupt = new AbortController();
  queues.on('before', 'DeleteMessageBatch', async () => interrupt.abort());
  const { code } = await queues.replay(['dlq'], { interrupted: () => interrupt.signal });
  expect(code).toBe(130);
  expect(queues.bodies()).toHaveLength(10);
  expect(queues.deadBodies()).toHaveLength(15);
});

test('does not count as unseen what another operator replayed at the same time', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 20 }, (_, n) => podMessage(`n${n}`)));
  let other: unknown;
  queues.on('after', 'ReceiveMessage', async () => {
    queues.on('after', 'ReceiveMessage', async () => {});
    other = await replayJson(queues);
  });
  const first = await replayJson(queues);
  expect(other).toMatchObject({ sent: 10, notSeen: 0 });
  expect(first).toMatchObject({ sent: 10, notSeen: 0 });
});

test('tells of no more messages than there are how many it has sent', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 12 }, (_, n) => podMessage(`n${n}`)));
  // Another one holds ten of them when this one counts, and lets go of them.
  const holding = { QueueUrl: queues.deadLetterUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 1 };
  await queues.client.send(new ReceiveMessageCommand(holding));
  let stderr = '';
  queues.on('before', 'ReceiveMessage', async () => void queues.clock.advance(2_000));
  await queues.replay(['dlq'], {
    stderr: { isTTY: true, write: (text: string) => (stderr += text) },
  });
  const told = [...stderr.matchAll(/sent (\d+) of about (\d+)/g)];
  expect(told.at(-1)?.[1]).toBe('12');
  for (const [, sent, about] of told) expect(Number(sent)).toBeLessThanOrEqual(Number(about));
});

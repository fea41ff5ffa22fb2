import { expect, test } from 'vitest';
import type { Ended } from '../../support/ended.ts';
import { podMessage, startQueues } from './replay-queues.ts';

const MALFORMED = '{"version":1,"cluster":"demo","node":"n1","pods":"x"}';

test('shows each message with what it is about, when that was seen and why it is there', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1', 'sampleapp'));
  await queues.setAside('demo/n1', MALFORMED, 'pods: no list');
  await queues.setAside('x/n9', JSON.stringify(podMessage('n9')), 'cluster x is not configured');
  const { code, stdout } = await queues.replay(['list']);
  expect(code).toBe(0);
  const [head, ...rows] = stdout.trimEnd().split('\n');
  expect(head?.split(/ {2,}/)).toEqual([
    'CLUSTER',
    'NODE',
    'PODS',
    'FIRST SEEN',
    'RECEIVES',
    'REASON',
  ]);
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
    [
      'demo',
      'n1',
      'default/sampleapp',
      '2026-01-01T00:00:00Z',
      expect.stringMatching(/^\d+$/),
      'failed 1 time: see the log of reconcile for demo/n1',
    ],
    ['demo', 'n1', '-', expect.any(String), '1', 'malformed: pods: no list'],
    ['demo', 'n9', 'default/a', '2026-01-01T00:00:00Z', '1', 'cluster x is not configured'],
  ]);
});

test('leaves every message where it is, to be seen by the next', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'), podMessage('n2'));
  const first = JSON.parse((await queues.replay(['list', '--json'])).stdout);
  const second = JSON.parse((await queues.replay(['list', '--json'])).stdout);
  const ids = (listed: { messages: { messageId: string }[] }) =>
    listed.messages.map(({ messageId }) => messageId);
  expect(ids(first)).toHaveLength(2);
  expect(ids(second)).toEqual(ids(first));
  expect(second).toMatchObject({ more: 0, held: 0 });
});

test('says how many more SQS counts than the ten of a node that it shows', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 25 }, (_, n) => podMessage('n1', `p${n}`)));
  expect((await queues.replay(['list'])).stdout).toContain('SQS counts 15 more messages');
  const { messages, more } = JSON.parse((await queues.replay(['list', '--json'])).stdout);
  expect(messages).toHaveLength(10);
  expect(more).toBe(15);
});

test('shows all nodes, also more than one receive can hold', async () => {
  const queues = await startQueues();
  await queues.letDie(...Array.from({ length: 25 }, (_, n) => podMessage(`n${n}`)));
  const { messages, more } = JSON.parse((await queues.replay(['list', '--json'])).stdout);
  expect(messages).toHaveLength(25);
  expect(more).toBe(0);
});

test('says that the queue is empty', async () => {
  const queues = await startQueues();
  const { code, stdout } = await queues.replay(['list']);
  expect(stdout).toBe('The dead-letter queue is empty.\n');
  expect(code).toBe(3);
});

test('says that another replay holds what cannot be seen', async () => {
  const queues = await startQueues();
  await queues.letDie(podMessage('n1'));
  let listed: Ended | undefined;
  queues.on('after', 'ReceiveMessage', async () => {
    queues.on('after', 'ReceiveMessage', async () => {});
    listed = await queues.replay(['list']);
  });
  await queues.replay(['dlq']);
  expect(listed).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('1 message cannot be seen now: another replay holds it'),
  });
});

test('shows all in the queue of a cluster that joined, whatever cluster a message names', async () => {
  const queues = await startQueues();
  await queues.setAside(
    'ghost/n1',
    JSON.stringify(podMessage('n1', 'a', { cluster: 'ghost' })),
    'x',
  );
  await queues.letDie(podMessage('n2', 'a', { cluster: 'edge' }));
  const shown = async (args: readonly string[]): Promise<unknown> => {
    const { stdout } = await queues.replay(['list', '--json', '--cluster', 'edge', ...args]);
    return JSON.parse(stdout).messages.map(({ cluster }: { cluster: string }) => cluster);
  };
  expect(await shown(['--stage', 'prod'])).toEqual(['ghost', 'edge']);
  expect(await shown([])).toEqual(['edge']);
});

test('lets no control character of a message reach the terminal', async () => {
  const queues = await startQueues();
  await queues.setAside('x', '{"cluster":"\\u001b[2Jx","node":"\\u202en"}', 'bad');
  const { stdout } = await queues.replay(['list']);
  expect(stdout).toMatch(/^ \[2Jx +n /m);
  expect(stdout).not.toMatch(/[^\P{C}\n]/u);
});

test('names cluster and node of a message that is no JSON, as its group says them', async () => {
  const queues = await startQueues();
  await queues.setAside('demo/n1', 'no JSON', 'not JSON');
  await queues.setAside('demo/n2', '{"cluster":"other"}', 'node: missing');
  const { messages } = JSON.parse((await queues.replay(['list', '--json'])).stdout);
  expect(messages).toMatchObject([
    { cluster: 'demo', node: 'n1' },
    { cluster: 'other', node: 'n2' },
  ]);
});

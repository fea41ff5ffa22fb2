import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startQueues } from './replay-queues.ts';

const EVENTS = new URL('../../../events/', import.meta.url).pathname;

async function fileWith(text: string): Promise<string> {
  const directory = await temporaryFolder();
  const path = join(directory, 'event.json');
  await writeFile(path, text);
  return path;
}

test('sends the messages of the sample events as replays, in the group of their node', async () => {
  const queues = await startQueues();
  const paths = ['pod-add', 'pod-update', 'pod-delete', 'node-resync'].map(
    (name) => `${EVENTS}${name}.json`,
  );
  const { code, stdout } = await queues.replay(['file', ...paths]);
  expect(code).toBe(0);
  expect(stdout).toBe(paths.map((path) => `${path}: sent 1 message.\n`).join(''));
  const observedAt = expect.stringContaining('2026-01-15T10:0');
  const replayed = { reason: 'replay', observedAt };
  expect(queues.bodies()).toMatchObject([
    { ...replayed, pods: [{ event: 'add', name: 'sampleapp' }] },
    { ...replayed, pods: [{ event: 'update', name: 'sampleapp' }] },
    { ...replayed, pods: [{ event: 'delete', name: 'sampleapp' }] },
    { ...replayed, pods: [] },
  ]);
  expect(queues.groups()).toEqual(Array(4).fill('demo/ip-172-16-0-10.ec2.internal'));
});

test('the same file sent twice is delivered twice', async () => {
  const queues = await startQueues();
  const path = `${EVENTS}pod-add.json`;
  await queues.replay(['file', path]);
  await queues.replay(['file', path]);
  expect(await queues.receive()).toHaveLength(2);
});

test.each([
  { what: 'is not there', text: undefined, says: "can't be read as JSON" },
  { what: 'is no JSON', text: 'apiVersion: v1', says: "can't be read as JSON" },
  { what: 'is no event', text: '{"kind":"Pod"}', says: 'no SQS event: Records: ' },
  { what: 'has no records', text: '{"Records":[]}', says: 'no SQS event: Records: ' },
  { what: 'holds no message', text: '{"Records":[{"body":"{}"}]}', says: 'Records.0.body: ' },
])('of a file that $what nothing is sent, and the others are', async ({ text, says }) => {
  const queues = await startQueues();
  const path = text === undefined ? '/nowhere/event.json' : await fileWith(text);
  const { code, stderr } = await queues.replay(['file', path, `${EVENTS}pod-add.json`]);
  expect(stderr).toContain(`${path}: ${says}`);
  expect(stderr).toContain(': nothing was sent from it\n');
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
  expect(queues.bodies()).toMatchObject([{ pods: [{ event: 'add' }] }]);
});

test('a file with one record that is no message sends none of its records', async () => {
  const queues = await startQueues();
  const good = JSON.stringify({
    version: 1,
    cluster: 'c',
    node: 'n',
    reason: 'resync',
    observedAt: '2026-01-15T10:00:00Z',
    pods: [],
  });
  const path = await fileWith(JSON.stringify({ Records: [{ body: good }, { body: 'no' }] }));
  const { code, stdout } = await queues.replay(['file', path, '--json']);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({
    files: [{ path, error: expect.stringMatching(/^Records\.1\.body: not JSON/) }],
  });
  expect(queues.bodies()).toEqual([]);
});

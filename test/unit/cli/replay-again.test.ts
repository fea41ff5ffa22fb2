import { describe, expect, test } from 'vitest';
import type { Message, NodeMessage } from '../../../shared/messages/schema.ts';
import { podMessage, type ReplayQueues, startQueues } from './replay-queues.ts';

/** So many letters for one run are no end. */
const ENDLESS = 50;
/** SQS: a message with all of its attributes has so many bytes at most. */
const LIMIT = 1_048_576;
const UNKNOWN = 'cluster new is not configured';

const aboutNew = (node: string, pod = 'a') => podMessage(node, pod, { cluster: 'new' });

function letter({ setAside }: ReplayQueues, message: Message): Promise<void> {
  const group = message.reason === 'heartbeat' ? 'new' : `new/${message.node}`;
  return setAside(group, JSON.stringify(message), UNKNOWN);
}

async function replayJson({ replay }: ReplayQueues, ...args: string[]) {
  const { code, stdout } = await replay(['dlq', '--json', ...args]);
  return { code, ...JSON.parse(stdout) };
}

/** Has every message that a replay sends come back, after `ms`. */
function comesBack(
  queues: ReplayQueues,
  ms: number,
  bring = () => queues.setAllAside(UNKNOWN),
): void {
  queues.on('after', 'SendMessageBatch', async () => {
    if (queues.calls('SendMessageBatch') > ENDLESS) throw new Error('it sends without an end');
    queues.clock.advance(ms);
    await bring();
  });
}

describe('a message whose cause still stands', () => {
  test.each([0, 20, 2_000])(
    'and that is back %i ms later is sent once, told of, and left in the dead-letter queue',
    async (ms) => {
      const queues = await startQueues();
      await letter(queues, aboutNew('n1'));
      comesBack(queues, ms);
      const ended = await replayJson(queues);
      expect(ended).toMatchObject({ code: 1, sent: 1, cameBack: [{ reason: UNKNOWN }] });
      expect(ended).toMatchObject({ malformed: [], notMatching: 0, cameLater: 0, notSeen: 0 });
      expect(queues.calls('SendMessageBatch')).toBe(1);
      expect(queues.bodies()).toEqual([]);
      expect(queues.deadBodies().map((body) => JSON.parse(body))).toEqual([
        { ...aboutNew('n1'), reason: 'replay' },
      ]);
    },
  );

  test('is told of with its node and its reason', async () => {
    const queues = await startQueues();
    await letter(queues, aboutNew('n1'));
    comesBack(queues, 20);
    const { stdout, stderr } = await queues.replay(['dlq']);
    expect(stdout).toBe(`Sent 1 message to ${queues.url}.\n`);
    expect(stderr).toMatch(
      /^Left [0-9a-f-]+ \(new\/n1\), which this run sent and which came back: cluster new is not configured\n$/,
    );
  });

  test('is sent once also if more than one may be sent', async () => {
    const queues = await startQueues();
    await letter(queues, aboutNew('n1'));
    comesBack(queues, 0);
    expect(await replayJson(queues, '--max', '3')).toMatchObject({ sent: 1 });
    expect(queues.calls('SendMessageBatch')).toBe(1);
  });

  test('is sent once if SQS itself brings it back', async () => {
    const queues = await startQueues();
    await queues.letDie(podMessage('n1'));
    comesBack(queues, 0, queues.letAllDie);
    const ended = await replayJson(queues);
    expect(ended).toMatchObject({
      code: 1,
      sent: 1,
      cameBack: [{ reason: 'failed 1 time: see the log of reconcile for demo/n1' }],
    });
    expect(queues.calls('SendMessageBatch')).toBe(1);
    expect(queues.deadBodies()).toHaveLength(1);
  });

  test('holds up none of its node’s others, of which each is sent once', async () => {
    const queues = await startQueues();
    const names = Array.from({ length: 25 }, (_, n) => `p${n}`);
    for (const name of names) await letter(queues, aboutNew('n1', name));
    comesBack(queues, 0);
    const { sent, cameBack } = await replayJson(queues);
    expect(sent).toBe(25);
    // SQS shows ten of a group.
    expect(cameBack).toHaveLength(10);
    expect(queues.calls('SendMessageBatch')).toBe(3);
    expect(queues.deadBodies()).toHaveLength(25);
  });

  test('is sent once by the next run too, and done once the cause is gone', async () => {
    const queues = await startQueues();
    await letter(queues, aboutNew('n1'));
    comesBack(queues, 0);
    for (const _ of ['first', 'second']) {
      queues.clock.advance(60_000);
      expect(await replayJson(queues)).toMatchObject({ sent: 1, cameBack: [{ reason: UNKNOWN }] });
    }
    expect(queues.calls('SendMessageBatch')).toBe(2);
    queues.on('after', 'SendMessageBatch', async () => undefined);
    expect(await replayJson(queues)).toMatchObject({ code: 0, sent: 1, cameBack: [] });
    expect(queues.deadBodies()).toEqual([]);
  });

  test('is left as one that came later if there is no room to mark it', async () => {
    const queues = await startQueues();
    const full = filled(aboutNew('n1'), LIMIT - 45);
    await letter(queues, full);
    comesBack(queues, 2_000);
    expect(await replayJson(queues)).toMatchObject({ code: 0, sent: 1, cameLater: 1 });
    expect(queues.calls('SendMessageBatch')).toBe(1);
  });
});

/** A message of which the JSON has so many bytes. */
function filled(message: NodeMessage, bytes: number): NodeMessage {
  const bytesOf = (pods: NodeMessage['pods']) => JSON.stringify({ ...message, pods }).length;
  const event = (name: string) => ({
    event: 'add' as const,
    namespace: 'a',
    name,
    uid: 'u',
    ips: [],
  });
  const shortest = event('x'.repeat(100));
  const perEvent = bytesOf([shortest, shortest]) - bytesOf([shortest]);
  const count = Math.floor((bytes - bytesOf([])) / perEvent);
  const pods = Array.from({ length: count }, () => shortest);
  // What is missing is less than an event: it goes into two names.
  const missing = bytes - bytesOf(pods);
  const half = Math.floor(missing / 2);
  pods.splice(0, 2, event('x'.repeat(100 + half)), event('x'.repeat(100 + missing - half)));
  return { ...message, pods };
}

describe('where ever more comes into the dead-letter queue', () => {
  /** Each receive finds another message that came a second later. */
  function everMore(queues: ReplayQueues): void {
    let made = 0;
    queues.on('before', 'ReceiveMessage', async () => {
      made += 1;
      if (made > ENDLESS) throw new Error('it receives without an end');
      queues.clock.advance(1_000);
      await letter(queues, aboutNew(`later-${made}`));
    });
  }

  test('a replay sends what was there when it began, and ends', async () => {
    const queues = await startQueues();
    for (let n = 0; n < 15; n += 1) await letter(queues, aboutNew(`n${n}`));
    everMore(queues);
    const ended = await replayJson(queues);
    expect(ended).toMatchObject({ code: 0, sent: 15, cameBack: [], notSeen: 0 });
    expect(ended.cameLater).toBeGreaterThan(0);
    expect(queues.bodies()).toHaveLength(15);
    const { stdout } = await queues.replay(['dlq', '--node', 'none']);
    expect(stdout).toMatch(/^Left \d+ messages? that came in after this run began\.$/m);
  });

  test('a list shows what was there when it began, and ends', async () => {
    const queues = await startQueues();
    for (let n = 0; n < 15; n += 1) await letter(queues, aboutNew(`n${n}`));
    everMore(queues);
    const { code, stdout } = await queues.replay(['list', '--json']);
    expect(code).toBe(0);
    const nodes = JSON.parse(stdout).messages.map(({ node }: { node: string }) => node);
    expect(nodes).toEqual(expect.arrayContaining(Array.from({ length: 15 }, (_, n) => `n${n}`)));
  });
});

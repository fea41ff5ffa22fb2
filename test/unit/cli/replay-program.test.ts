import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import type { World } from '../../../sandbox/world.ts';
import { messageGroupOf } from '../../../shared/messages/queue.ts';
import { type Clock, systemClock } from '../../../shared/time/clock.ts';
import { type Bed, startBed } from '../../support/bed.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { messageFor } from '../../support/messages.ts';
import { NET_1 } from '../../support/networks.ts';
import { sendTo } from '../../support/queue.ts';
import type { Worker } from '../../support/stage.ts';
import { eventually } from '../../support/wait.ts';
import { startHaltingProxy } from './halting-proxy.ts';
import { podMessage } from './replay-queues.ts';

const MAIN = new URL('../../../cli/replay/main.ts', import.meta.url).pathname;

/** The program, on a world's queue or what else its environment names. */
function start(args: readonly string[], environment: Readonly<Record<string, string>>) {
  const inherited = { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS };
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (printed.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (printed.stderr += text));
  return {
    kill: () => void child.kill('SIGKILL'),
    ended: once(child, 'close').then(([code, signal]) => ({
      code,
      signal,
      stdout: printed.stdout,
      // How far it is, is told where it takes long, as on a busy machine.
      stderr: printed.stderr.replace(/^(read|sent) \d+ of about .*\n/gm, ''),
    })),
  };
}

function onQueue({ queue, environment }: World, args: readonly string[], more: object = {}) {
  return start([...args, '--queue-url', queue.url], { ...environment, ...more });
}

/** The machine's clock, which a test can set forward. */
function settableClock(): Clock & { forward(ms: number): void } {
  let ahead = 0;
  return {
    now: () => systemClock.now() + ahead,
    monotonic: systemClock.monotonic,
    after: systemClock.after,
    forward(ms) {
      ahead += ms;
    },
  };
}

/** Sends messages about each worker, as if forwarders had seen its pod change, and lets them die. */
async function letDie(
  { world, sqs, startDelivery }: Bed,
  workers: readonly Worker[],
  each: number,
): Promise<void> {
  world.cluster.kubernetes.faults.goDown('error');
  const delivery = startDelivery();
  for (const worker of workers) {
    for (let sent = 0; sent < each; sent += 1) {
      const message = messageFor(worker);
      await sendTo(sqs, world.queue.url, messageGroupOf(message), JSON.stringify(message));
    }
  }
  const dead = () => world.sqs.messages(world.deadLetterQueue.name).length;
  await eventually(dead).toBe(workers.length * each);
  await delivery.stop();
}

test('what a broken API server brought to the dead-letter queue is listed, and replayed also by a replay that is killed', async () => {
  const clock = settableClock();
  const bed = await startBed({ clock, maxReceiveCount: 1 });
  onTestFinished(() => bed.stop());
  const { world } = bed;
  const cluster = embeddedCluster(world, world.cluster);
  await cluster.applyNetwork(NET_1);
  const workers: Worker[] = [];
  for (let n = 0; n < 5; n += 1) {
    const worker = await cluster.addWorker();
    workers.push(worker);
    const networks = [{ network: NET_1, ips: [`172.16.1.${70 + n}`] }];
    const pod = await cluster.runPod(`p${n}`, { on: worker, networks });
    await eventually(() => cluster.attachedTo(pod)).toHaveLength(1);
  }
  const addresses = () => workers.map(({ eth1 }) => world.ec2.eni(eth1).secondary);
  const [waiting, dead] = [
    () => world.sqs.messages(world.queue.name),
    () => world.sqs.messages(world.deadLetterQueue.name),
  ];
  await letDie(bed, workers, 5);
  expect(addresses()).toEqual([[], [], [], [], []]);

  const listed = await onQueue(world, ['list', '--json']).ended;
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  const { messages } = JSON.parse(listed.stdout);
  expect(messages).toHaveLength(25);
  expect(messages).toMatchObject(
    workers.flatMap(({ name }) =>
      Array(5).fill({
        node: name,
        reason: `failed 1 time: see the log of reconcile for demo/${name}`,
      }),
    ),
  );

  // Its second batch is in the queue, and not yet removed from the dead-letter queue.
  const proxy = await startHaltingProxy(world.sqs.endpoint, 'DeleteMessageBatch', 2);
  const killed = onQueue(world, ['dlq'], { AWS_ENDPOINT_URL_SQS: proxy.endpoint });
  await proxy.halted;
  killed.kill();
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' });
  expect(waiting()).toHaveLength(20);
  expect(dead()).toHaveLength(15);

  // What the killed one held comes back by itself.
  clock.forward(61_000);
  const again = await onQueue(world, ['dlq', '--json']).ended;
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(again.stdout)).toMatchObject({ sent: 15, notSeen: 0 });
  expect(dead()).toEqual([]);

  world.cluster.kubernetes.faults.comeUp();
  bed.startDelivery();
  await eventually(() => waiting().length).toBe(0);
  expect(dead()).toEqual([]);
  expect(addresses()).toEqual([70, 71, 72, 73, 74].map((last) => [`172.16.1.${last}`]));
});

test('a message of a cluster that is not configured is sent once by a run, whatever the functions do with it', async () => {
  const bed = await startBed();
  onTestFinished(() => bed.stop());
  const { world } = bed;
  const dead = () => world.sqs.messages(world.deadLetterQueue.name);
  const unknown = podMessage('n1', 'a', { cluster: 'staging' });
  await sendTo(bed.sqs, world.queue.url, messageGroupOf(unknown), JSON.stringify(unknown));
  bed.startDelivery();
  await eventually(() => dead().length).toBe(1);
  const [first] = dead();

  for (const args of [[], ['--max', '3']]) {
    const { stdout, signal } = await onQueue(world, ['dlq', '--json', ...args]).ended;
    expect(signal).toBeNull();
    expect(JSON.parse(stdout)).toMatchObject({ sent: 1, notMatching: 0, malformed: [] });
    await eventually(() => dead().map(({ attributes }) => attributes)).toMatchObject([
      {
        'replay-origin': { StringValue: first?.id },
        reason: { StringValue: expect.stringContaining('cluster staging is not configured') },
      },
    ]);
  }
  const sends = world.sqs.calls.filter(({ action }) => action === 'SendMessageBatch');
  expect(sends).toHaveLength(2);
});

test('the program says how it ended by its exit code, and prints one JSON object', async () => {
  const bed = await startBed();
  onTestFinished(() => bed.stop());
  const { world } = bed;
  const empty = await onQueue(world, ['list', '--json']).ended;
  expect(empty).toMatchObject({ code: 3, stderr: '' });
  expect(JSON.parse(empty.stdout)).toMatchObject({ messages: [], more: 0, held: 0 });

  const event = new URL('../../../events/pod-add.json', import.meta.url).pathname;
  expect(await onQueue(world, ['file', event]).ended).toMatchObject({ code: 0, stderr: '' });
  expect(await onQueue(world, ['file', MAIN]).ended).toMatchObject({ code: 2, stdout: '' });

  const gone = { ...world.environment, AWS_ENDPOINT_URL_SQS: 'http://127.0.0.1:1' };
  const failed = await onQueue({ ...world, environment: gone }, ['list', '--json']).ended;
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/^could not read the attributes of .*ECONNREFUSED.*\n$/);
  expect(JSON.parse(failed.stdout)).toEqual({ error: failed.stderr.trim() });
});

test('the program refuses arguments that it does not know, and says which', async () => {
  const { code, stderr, stdout } = await start(['lits'], {}).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("unknown command 'lits'");
  expect(stdout).toBe('');
});

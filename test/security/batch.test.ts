import { expect, onTestFinished, test } from 'vitest';
import { type Clients, contextFor } from '../../functions/context.ts';
import { reconcileBatch } from '../../functions/reconcile/reconcile-batch.ts';
import type { NodeMemory } from '../../functions/reconcile/scope.ts';
import type { World } from '../../sandbox/world.ts';
import { configFrom } from '../../shared/config.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { startBed } from '../support/bed.ts';
import { type RecordedCalls, recordedCalls } from '../support/recorded-calls.ts';
import { recordedTelemetry } from '../support/telemetry.ts';
import { sqsRecord } from '../unit/functions/records.ts';

interface Batches {
  readonly world: World;
  readonly calls: RecordedCalls;
  readonly memories: ReadonlyMap<string, NodeMemory>;
  /** Has the function called with a batch of these messages. */
  deliver(messages: readonly NodeMessage[]): Promise<void>;
}

async function startBatches(): Promise<Batches> {
  const calls = recordedCalls();
  const taken: Clients[] = [];
  const wrap = (clients: Clients): Clients => {
    taken.push(clients);
    return clients;
  };
  const { world, stop } = await startBed({ wrap });
  onTestFinished(stop);
  const [clients] = taken;
  if (clients === undefined) throw new Error('the bed has no clients');
  const config = configFrom(world.environment);
  const telemetry = recordedTelemetry();
  const memories = new Map<string, NodeMemory>();
  const context = {
    ...contextFor(config, calls.wrap(clients), { clock: systemClock, telemetry }),
    queueUrl: config.queueUrl,
    deadLetterQueueUrl: config.deadLetterQueueUrl,
    random: Math.random,
    memories,
  };
  return {
    world,
    calls,
    memories,
    async deliver(messages) {
      const bodies = messages.map((message) => JSON.stringify(message));
      const Records = bodies.map((body, index) => sqsRecord(`${index}`, body));
      const answer = await reconcileBatch(context, { Records }, 10_000);
      expect(answer).toEqual({ batchItemFailures: [] });
    },
  };
}

function naming(node: string, ips: string[] = []): NodeMessage {
  return {
    version: 1,
    cluster: 'demo',
    node,
    reason: 'pods',
    observedAt: new Date().toISOString(),
    pods: [{ event: 'delete', namespace: 'default', name: 'app', uid: 'uid', ips }],
  };
}

test('a forged message has nothing unassigned, neither a primary address nor what is in no ledger', async () => {
  const { world, calls, deliver } = await startBatches();
  const { cluster, ec2, subnets } = world;
  const worker = cluster.addWorker([{ deviceIndex: 1, subnetId: subnets.multus1 }]);
  const primaries = worker.enis.map(({ id }) => ec2.eni(id).primary);
  await deliver([naming(worker.name, [...primaries, '172.16.1.200'])]);

  expect(calls.ec2.filter(({ action }) => action.startsWith('Unassign'))).toEqual([]);
});

test('names of nodes that there are not cost EC2 no call and are not kept', async () => {
  const { calls, memories, deliver } = await startBatches();
  await deliver(Array.from({ length: 10 }, (_, index) => naming(`no-node-${index}`)));
  expect(calls.ec2).toEqual([]);
  expect([...memories.keys()]).toEqual([]);
});

import { expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { aws } from '../../../functions/context.ts';
import { startSsm } from '../../../sandbox/ssm/server.ts';
import { startWorld, type World } from '../../../sandbox/world.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { NET_1 } from '../../support/networks.ts';
import { startProduct } from '../../support/product.ts';
import { eventually } from '../../support/wait.ts';
import { deployed } from './deployed-cluster.ts';

/* A cluster that the configuration does not list, served by what deploy/cluster/template.yml makes. */

const queueProperties = z
  .object({ QueueName: z.string() })
  .catchall(z.union([z.string(), z.number(), z.boolean(), z.record(z.string(), z.unknown())]));
const delivery = z.object({
  BatchSize: z.literal(10),
  FunctionResponseTypes: z.tuple([z.literal('ReportBatchItemFailures')]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }),
});
const parameter = z.object({ Name: z.string(), Value: z.string() });

/** Makes a queue of the template in the sandbox, which refuses attributes that SQS would. */
function makeQueue(world: World, properties: unknown): { url: string; arn: string } {
  const { QueueName, ...attributes } = queueProperties.parse(properties);
  const texts = Object.entries(attributes).map(([name, value]) => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  return world.sqs.createQueue(QueueName, Object.fromEntries(texts));
}

test('a cluster that joined gets its pods’ addresses by the resources of its own stack', async () => {
  const world = await startWorld({ clusters: ['edge'] });
  onTestFinished(() => world.stop());
  const ssm = await startSsm();
  onTestFinished(() => ssm.stop());
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');

  const { Resources } = deployed({ ClusterName: 'edge', QueueName: 'edge', Stage: 'test' });
  const deadLetters = makeQueue(world, Resources.DeadLetterQueue?.Properties);
  const queue = makeQueue(world, Resources.Queue?.Properties);
  const { Name, Value } = parameter.parse(Resources.Settings?.Properties);
  ssm.putParameter(Name, Value.replace(/https:\/\/sqs\/1\/[^"]+/, queue.url));
  const { ScalingConfig } = delivery.parse(Resources.Delivery?.Properties);

  const { readSettings } = aws('us-east-1', systemClock);
  const product = startProduct(
    { ...world, queue },
    {
      variables: { CLUSTERS: '[]', SETTINGS_PATH: Name.slice(0, -'edge'.length) },
      concurrency: ScalingConfig.MaximumConcurrency,
      wrap: (outside) => ({ ...outside, ...(readSettings && { readSettings }) }),
    },
  );
  onTestFinished(() => product.stop());
  product.startDelivery();
  await product.startForwarder(world.cluster);

  const cluster = embeddedCluster(world, world.cluster);
  const on = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  const networks = [{ network: NET_1, ips: ['172.16.1.70'] }];
  await cluster.runPod('app', { on, networks });
  await eventually(() => world.ec2.eni(on.eth1).secondary.map(String)).toEqual(['172.16.1.70']);
  await eventually(() => product.telemetry.total('ForwarderHeartbeat', 'edge')).toBeGreaterThan(0);
  expect(world.sqs.messages(world.queue.name)).toEqual([]);
  expect(world.sqs.messages(deadLetters.url.slice(deadLetters.url.lastIndexOf('/') + 1))).toEqual(
    [],
  );
});

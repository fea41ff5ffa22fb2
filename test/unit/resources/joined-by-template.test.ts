import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test, vi } from 'vitest';
import * as z from 'zod';
import { aws } from '../../../functions/context.ts';
import { clusterQueueNames, settingsPath } from '../../../resources/names.ts';
import { CREDENTIALS, ROLE_ARN } from '../../../sandbox/aws.ts';
import { createStack } from '../../../sandbox/cloudformation/stack.ts';
import { startWorld } from '../../../sandbox/world.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { NET_1 } from '../../support/networks.ts';
import { startProduct } from '../../support/product.ts';
import { eventually } from '../../support/wait.ts';

/* A cluster that the configuration does not list, served by what deploy/cluster/template.yml makes. */

const STACK = 'multus-eni-reconciler-test';
const TEMPLATE = new URL('../../../deploy/cluster/template.yml', import.meta.url);
const mapping = z.object({ ScalingConfig: z.object({ MaximumConcurrency: z.number() }) });

test('a cluster that joined gets its pods’ addresses by the resources of its own stack', async () => {
  const world = await startWorld({ clusters: ['edge'] });
  onTestFinished(() => world.stop());
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', world.ssm.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);

  const arns = {
    ...{ ReconcileRoleArn: ROLE_ARN, SweepRoleArn: ROLE_ARN, ScheduleRoleArn: ROLE_ARN },
    ReconcileFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:reconcile',
    SweepFunctionArn: 'arn:aws:lambda:us-east-1:111122223333:function:sweep',
    AlarmTopicArn: 'arn:aws:sns:us-east-1:111122223333:alarms',
  };
  const stack = createStack(world, {
    name: `${STACK}-edge`,
    template: readFileSync(TEMPLATE, 'utf8'),
    parameters: { ClusterName: 'edge', QueueName: 'edge', Stage: 'test' },
    exports: new Map(Object.entries(arns).map(([key, arn]) => [`${STACK}-${key}`, arn])),
  });
  const { queue: name, deadLetterQueue } = clusterQueueNames('test', 'edge');
  const queue = {
    url: z.url().parse(stack.output('QueueUrl')),
    arn: world.queue.arn.replace(/[^:]+$/, name),
  };
  const { ScalingConfig } = mapping.parse(stack.resource('Delivery').Properties);

  const { readSettings } = aws('us-east-1', systemClock);
  const product = startProduct(
    { ...world, queue },
    {
      variables: { CLUSTERS: '[]', SETTINGS_PATH: settingsPath('test') },
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
  expect(world.sqs.messages(deadLetterQueue)).toEqual([]);
});

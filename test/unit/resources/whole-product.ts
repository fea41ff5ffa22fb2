import { AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { expect, vi } from 'vitest';
import { aws } from '../../../functions/context.ts';
import { forwarderRoleId } from '../../../resources/forwarder-identity.ts';
import { ROLE_IDS } from '../../../resources/function-roles.ts';
import { settingsPath } from '../../../resources/names.ts';
import { REGION } from '../../../sandbox/aws.ts';
import { startSsm } from '../../../sandbox/ssm/server.ts';
import { nodeMessage } from '../../../shared/messages/build.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import type { Bed } from '../../support/bed.ts';
import { embeddedCluster } from '../../support/embedded.ts';
import { NET_1, NET_2 } from '../../support/networks.ts';
import { sendTo } from '../../support/queue.ts';
import type { AwsCalls } from './recorded-aws-calls.ts';

/** As `expect.poll`, which is not to be had before the tests begin. */
function until(holds: () => Promise<void>): Promise<void> {
  return vi.waitFor(holds, { interval: 10, timeout: 10_000 });
}

/** A network that spans the ENI and IPv6, and one on the other ENI. */
const NETWORKS = [
  { network: NET_1, ips: ['172.16.1.70', '2600:1f18:1111:1::70'] },
  { network: NET_2, ips: ['172.16.3.70'] },
];

/** Forwarder and reconcile do everything that they ever do on AWS. */
async function runReconciles(bed: Bed, { as, calls }: AwsCalls): Promise<void> {
  const { world } = bed;
  const cluster = embeddedCluster(world, world.cluster);
  const [a, b] = [await cluster.addWorker(), await cluster.addWorker()];
  for (const network of [NET_1, NET_2]) await cluster.applyNetwork(network);
  // Left over on another worker: it is taken over, and that worker's node is told.
  await cluster.recordAddresses(b.eth2, ['172.16.3.70']);
  await bed.ec2.send(
    new AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: b.eth2,
      PrivateIpAddresses: ['172.16.3.70'],
    }),
  );
  await as(forwarderRoleId(world.cluster), () => bed.startForwarder());
  as(ROLE_IDS.reconcile, () => bed.startDelivery());
  const pod = await cluster.runPod('app', { on: a, networks: NETWORKS });
  await until(async () => expect(await cluster.conditionOf(pod)).toMatchObject({ status: 'True' }));
  await cluster.deletePod(pod);
  await until(async () => expect(await world.ec2.eni(a.eth1).ipv6).toEqual([]));
  await until(async () => expect(await world.ec2.eni(a.eth1).secondary).toEqual([]));

  await as(ROLE_IDS.reconcile, () => bed.reconcile({ Records: [malformed] }));
  world.cluster.kubernetes.faults.goDown('unreachable');
  const message = nodeMessage('demo', a.name, 'resync', Date.now());
  await sendTo(bed.sqs, world.queue.url, 'g', JSON.stringify(message));
  await until(async () =>
    expect(await calls.map(({ action }) => action)).toContain('sqs:ChangeMessageVisibility'),
  );
}

/** A sweep finds drift, and asks for the node; with caches of its own. */
async function runSweep(bed: Bed, { as }: AwsCalls): Promise<void> {
  const cluster = embeddedCluster(bed.world, bed.world.cluster);
  const worker = await cluster.addWorker();
  for (const network of [NET_1, NET_2]) await cluster.applyNetwork(network);
  const pod = await cluster.runPod('app', { on: worker, networks: NETWORKS });
  await until(async () => expect(await cluster.attachedTo(pod)).toHaveLength(3));
  await as(ROLE_IDS.sweep, () => bed.sweep());
}

/** Both functions read what a cluster's own stack says of it. */
async function runSettings(_: Bed, { as }: AwsCalls): Promise<void> {
  const ssm = await startSsm();
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', ssm.endpoint);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  const { readSettings } = aws(REGION, systemClock);
  for (const role of Object.values(ROLE_IDS)) {
    await as(role, () => readSettings?.(`${settingsPath('test')}edge`));
  }
  await ssm.stop();
}

const malformed = {
  messageId: 'm',
  receiptHandle: 'r',
  body: '{}',
  attributes: { ApproximateReceiveCount: '1', MessageGroupId: 'g' },
};

/** All that the product ever does on AWS, in runs of their own. */
export const EVERYTHING = [runReconciles, runSweep, runSettings];

import { onTestFinished, test } from 'vitest';
import type { EventToWrite } from '../../../../../shared/cluster/kubernetes.ts';
import { sleep, systemClock } from '../../../../../shared/time/clock.ts';
import { startBed } from '../../../../support/bed.ts';
import { embeddedCluster } from '../../../../support/embedded.ts';
import { NET_1 } from '../../../../support/networks.ts';
import { eventually } from '../../../../support/wait.ts';

test('what a pod is told comes in its order, however slow the API server is', async () => {
  const written: string[] = [];
  const writeSlowly = async (event: EventToWrite): Promise<void> => {
    // What is assigned is told first, and takes the longest.
    if (event.reason === 'IPsAssigned') await sleep(systemClock, 50);
    written.push(event.reason);
  };
  const bed = await startBed({
    wrap: (clients) => ({
      ...clients,
      kubernetesOf: async (cluster) => ({
        ...(await clients.kubernetesOf(cluster)),
        writeEvent: writeSlowly,
      }),
    }),
  });
  onTestFinished(() => bed.stop());
  await bed.startForwarder();
  bed.startDelivery();
  const cluster = embeddedCluster(bed.world, bed.world.cluster);
  const worker = await cluster.addWorker();
  await cluster.applyNetwork(NET_1);
  const ips = ['172.16.1.70', '172.16.3.70'];
  await cluster.runPod('app', { on: worker, networks: [{ network: NET_1, ips }] });

  await eventually(() => written).toEqual(['IPsAssigned', 'IPAssignmentFailed']);
});

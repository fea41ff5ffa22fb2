import type { Player, Workload } from '../harness/workload.ts';
import type { VirtualPod } from '../world/pods.ts';
import { lowestFree } from './addresses.ts';

const NODES = ['a', 'b'];
const REPLICAS = 8;
/** maxSurge and maxUnavailable of 25 %, as a Deployment has them by default. */
const AT_ONCE = 2;

/** A Deployment of 8 pods gets a new template: two new pods, then two old ones less, four times. */
export function rollingUpdate(): Workload {
  const addresses = lowestFree('172.16.1.', 70);
  let old: Started[] = [];
  return {
    name: `rolling update of ${REPLICAS}`,
    workers: NODES.map((name) => ({ name, instanceType: 'm5.4xlarge' })),
    async prepare(player) {
      old = await start(player, 'old', REPLICAS, addresses);
    },
    async play(player) {
      for (let round = 0; round < REPLICAS / AT_ONCE; round += 1) {
        const going = old.slice(0, AT_ONCE);
        old = old.slice(AT_ONCE);
        await start(player, `new-${round}`, AT_ONCE, addresses);
        for (const { pod } of going) pod.terminate();
        await player.wait(300);
        for (const { pod, ip } of going) {
          // The pod's network goes before its object does.
          addresses.free(ip);
          pod.remove();
        }
        if (round === 1) player.sweep();
      }
      await player.wait(3_000);
    },
  };
}

interface Started {
  readonly pod: VirtualPod;
  readonly ip: string;
}

async function start(
  { pod, wait }: Player,
  name: string,
  count: number,
  addresses: ReturnType<typeof lowestFree>,
): Promise<Started[]> {
  const pods = Array.from({ length: count }, (_, index) =>
    pod(`${name}-${index}`, { node: NODES[index % NODES.length] ?? 'a' }),
  );
  await wait(200);
  return pods.map((created) => {
    const ip = addresses.take();
    created.attach({ network: 'net-1', ip });
    return { pod: created, ip };
  });
}

import type { Player, Workload } from '../harness/workload.ts';
import { callByHand } from '../world/others.ts';
import type { VirtualPod } from '../world/pods.ts';
import { findPlace } from '../world/room.ts';
import type { NetworkName } from '../world/world.ts';

/** How long a pod waits for a node that has room. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 500;

/**
 * Nodes tell how much room their ENIs have, three places each, and pods are placed by it: on networks that
 * share an ENI, beside pods that request nothing and what somebody assigns by hand.
 */
export const room: Workload = {
  name: 'room before placement',
  workers: [
    { name: 'a', instanceType: 't3.small' },
    { name: 'b', instanceType: 't3.small' },
  ],
  networks: ['net-1', 'loose'],
  room: true,
  unannounced: true,
  async prepare({ sweep }) {
    sweep();
  },
  async play(player) {
    const { pod, wait, sweep, world, cluster } = player;
    const unasked = pod('unasked', { node: 'a' });
    unasked.attach({ network: 'net-1', ip: '172.16.1.70' });
    await wait(600);
    const first = await place(player, 'first', 'net-1', '172.16.1.71');
    const second = await place(player, 'second', 'loose', '172.16.1.240');
    callByHand(world, cluster, 'AssignPrivateIpAddresses', 'b', '172.16.1.241');
    await wait(300);
    sweep();
    await wait(600);
    await place(player, 'third', 'net-1', '172.16.1.72');
    await place(player, 'fourth', 'net-1', '172.16.1.73');
    first?.terminate();
    await wait(200);
    first?.remove();
    await place(player, 'fifth', 'loose', '172.16.1.242');
    second?.finish();
    unasked.remove();
    await place(player, 'sixth', 'net-1', '172.16.1.74');
    await wait(2_500);
  },
};

/** As the scheduler does it, once a Node has room for the pod; Multus attaches it. */
async function place(
  { pod, wait, cluster }: Player,
  name: string,
  network: NetworkName,
  ip: string,
): Promise<VirtualPod | undefined> {
  const find = () => findPlace(cluster, network);
  for (let waited = 0; find() === undefined && waited < PATIENCE_MS; waited += LOOK_MS) {
    await wait(LOOK_MS);
  }
  const node = find();
  if (node === undefined) return undefined;
  const placed = pod(name, { node, requests: network });
  await wait(100);
  placed.attach({ network, ip });
  await wait(300);
  return placed;
}

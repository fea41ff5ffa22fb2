import type { Player, Workload } from '../harness/workload.ts';
import { addExtraEni, attachAsEth3, tagEth1 } from '../world/others.ts';
import type { VirtualPod } from '../world/pods.ts';

const X = { network: 'net-1', ip: '172.16.1.80' } as const;
const MOVED = '172.16.1.90';
const VIP = '172.16.1.200';

/** What claims are placed by changes while addresses are held: networks, ENIs, tags, definitions. */
export const placement: Workload = {
  name: 'placement changes',
  // With room for a fourth ENI.
  workers: ['a', 'b'].map((name) => ({ name, instanceType: 'm5.xlarge' })),
  networks: ['net-1', 'net-2'],
  unannounced: true,
  async play(player) {
    const holder = player.pod('holder', { node: 'a' });
    const rival = player.pod('rival', { node: 'b', namespace: 'other' });
    const neighbour = player.pod('neighbour', { node: 'a', namespace: 'other' });
    holder.attach(X);
    holder.float([{ ip: VIP }]);
    rival.attach({ network: 'net-1', ip: '172.16.1.81' });
    await player.wait(600);
    const extra = await plug(player, { holder, rival, neighbour });
    await tag(player, holder);
    await define(player, holder);
    await move(player, extra);
    await player.wait(2_500);
  },
};

/** The network of a floating address is unplugged and plugged in again, and a second ENI comes into its subnet. */
async function plug(
  { world, cluster, wait, sweep }: Player,
  { holder, rival, neighbour }: Readonly<Record<'holder' | 'rival' | 'neighbour', VirtualPod>>,
): Promise<string> {
  holder.attach();
  await wait(400);
  const extra = addExtraEni(world, cluster, 'a');
  attachAsEth3(world, cluster, extra, 'a');
  // By its claim alone the address fits two ENIs now. Another namespace asks for it, there and here.
  rival.float([{ ip: VIP, since: new Date(world.clock.now()).toISOString() }]);
  neighbour.attach({ network: 'net-1', ip: VIP, mac: world.ec2.eni(extra).mac });
  await wait(600);
  sweep();
  holder.attach(X);
  await wait(400);
  neighbour.remove();
  rival.float([]);
  await wait(400);
  return extra;
}

/** The tag is taken off the ENI, and put back. */
async function tag({ world, cluster, wait }: Player, holder: VirtualPod): Promise<void> {
  tagEth1(world, cluster, 'a', false);
  holder.attach(X, { network: 'net-2', ip: '172.16.3.71' });
  await wait(500);
  tagEth1(world, cluster, 'a', true);
  holder.attach(X);
  await wait(500);
}

/** The definition says that nothing of this is in a range, and that its master is another device; and takes it back. */
async function define({ pod, cluster, wait, sweep }: Player, holder: VirtualPod): Promise<void> {
  const plain = pod('plain', { node: 'a' });
  plain.attach({ network: 'net-1', ip: '172.16.1.82', mac: 'none' });
  await wait(400);
  cluster.editNetwork('net-1', { range: '172.16.1.70-172.16.1.75', deviceIndex: 2 });
  holder.attach(X, { network: 'net-2', ip: '172.16.3.72' });
  await wait(500);
  sweep();
  const taker = pod('taker', { node: 'b', namespace: 'other' });
  taker.attach({ network: 'net-1', ip: '172.16.1.82' });
  await wait(500);
  taker.remove();
  cluster.editNetwork('net-1');
  holder.attach(X);
  await wait(500);
}

/** An ENI goes from one worker to the other with an address that a pod there claims. */
async function move({ pod, world, cluster, wait }: Player, extra: string): Promise<void> {
  const { mac } = world.ec2.eni(extra);
  const claim = { network: 'net-1', ip: MOVED, mac } as const;
  const leaving = pod('leaving', { node: 'a' });
  leaving.attach(claim);
  await wait(500);
  leaving.terminate();
  await wait(50);
  leaving.remove();
  attachAsEth3(world, cluster, extra, 'b');
  const arriving = pod('arriving', { node: 'b', namespace: 'other' });
  arriving.attach(claim);
}

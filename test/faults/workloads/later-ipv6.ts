import type { Player, Workload } from '../harness/workload.ts';

const BLOCK = '2600:1f18:1111:1::/64';
const ON_ETH1 = { network: 'net-6', ip: '2600:1f18:1111:1::70' } as const;
const ALSO = { network: 'net-6', ip: '2600:1f18:1111:1::71', mac: 'none' } as const;
const IPV4 = { network: 'net-1', ip: '172.16.1.70' } as const;

/** How long somebody waits for a block's addresses to be released before it is taken off. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 500;

/** An IPv6 block comes to a subnet, goes from there, and comes to another one, while environments keep what they read. */
export const laterIpv6: Workload = {
  name: 'IPv6 block comes later',
  workers: [{ name: 'a' }, { name: 'b' }],
  networks: ['net-1', 'net-6'],
  unannounced: true,
  async prepare({ world, cluster }) {
    world.ec2.disassociateIpv6(subnetOf(cluster, 1));
  },
  async play(player) {
    const { pod, wait, sweep, world, cluster } = player;
    const first = pod('first', { node: 'a', gated: true });
    first.attach(IPV4, ON_ETH1);
    await wait(600);
    world.ec2.associateIpv6(subnetOf(cluster, 1), BLOCK);
    const second = pod('second', { node: 'a' });
    second.attach({ network: 'net-1', ip: '172.16.1.71' });
    await wait(600);
    const other = pod('other', { node: 'b', namespace: 'other' });
    other.attach(ON_ETH1, ALSO);
    sweep();
    await wait(600);
    first.terminate();
    await wait(200);
    first.remove();
    await wait(600);
    other.remove();
    await untilFree(player);
    // From here on the block is another subnet's, and what names no MAC belongs on another ENI.
    cluster.editNetwork('net-6', { deviceIndex: 2 });
    const third = pod('third', { node: 'a' });
    third.attach(ALSO);
    await wait(600);
    second.attach({ network: 'net-1', ip: '172.16.1.72' });
    await wait(2_500);
  },
};

function subnetOf(cluster: Player['cluster'], deviceIndex: number): string {
  const { enis } = cluster.worker('a');
  const subnetId = enis.find((eni) => eni.deviceIndex === deviceIndex)?.subnetId;
  if (subnetId === undefined) throw new Error(`worker a has no ENI at device index ${deviceIndex}`);
  return subnetId;
}

/** Moves the block to the other subnet, as soon as EC2 lets it go: no ENI may have an address of it. */
async function untilFree({ world, cluster, wait }: Player): Promise<void> {
  const [from, to] = [subnetOf(cluster, 1), subnetOf(cluster, 2)];
  const isFree = (): boolean =>
    [...world.ec2.snapshot().enis.values()].every(({ ipv6 }) => ipv6.length === 0);
  for (let waited = 0; !isFree() && waited < PATIENCE_MS; waited += LOOK_MS) await wait(LOOK_MS);
  if (!isFree()) return;
  world.ec2.disassociateIpv6(from);
  world.ec2.associateIpv6(to, BLOCK);
}

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { NET_1 } from '../support/networks.ts';
import { until } from './cluster/processes.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import { installPlugin } from './support/kubectl-plugin.ts';
import { deletePod, told, watchPods } from './support/pods.ts';
import { type RealBed, startRealBed } from './support/real-bed.ts';
import { addressOf, applySampleNetworks, quietPod, runPod, runSample } from './support/samples.ts';
import { create, definitionOf } from './support/workloads.ts';

const GATEWAY = '172.16.1.1';
const MEASURED = 20;
const obstacles = await nodeObstacles();

describe.skipIf(obstacles.length > 0)('two real nodes', () => {
  let real: RealBed;
  const ended = new AbortController();

  beforeAll(async () => {
    real = await startRealBed({ nodes: 2 });
    await applySampleNetworks(real.cluster);
    await create(real.cluster, definitionOf(NET_1));
  });
  afterAll(async () => {
    ended.abort();
    await real?.stop();
  });

  const holderOf = (address: string) => real.bed.world.ec2.holderOf(address)?.instanceId;
  const servedAt = (address: string, index: number) =>
    until(
      () => holderOf(address) === real.nodeAt(index).worker.instanceId,
      `${address} to be on node ${index}`,
    );
  const onNet1 = (name: string, index: number, address: string) =>
    quietPod(name, real.nodeAt(index), [{ name: NET_1.name, ips: [`${address}/24`] }]);

  /** An operator asks why, by the plugin of kubectl. */
  const saysSo = async (): Promise<void> => {
    const plugin = await installPlugin(real.cluster, real.bed.world.environment);
    onTestFinished(() => plugin.remove());
    const [here, there] = [real.nodeAt(0).name, real.nodeAt(1).name];

    const explained = await plugin.run(['explain', 'pod', 'default/sampleapp-dual']);
    expect(explained).toMatchObject({ code: 4, text: expect.stringContaining('So') });
    const derivation = explained.text.replaceAll(/\s+/g, ' ');
    expect(derivation).toContain(`default/sampleapp holds it: network-status gives it to net1`);
    expect(derivation).toContain(`conflict: held by pod default/sampleapp on node ${here}`);

    const drift = await plugin.run(['drift', '--json']);
    const { clusters } = JSON.parse(drift.stdout);
    expect(clusters).toMatchObject([{ nodes: 2, counts: { missing: 0, leaked: 0, conflict: 1 } }]);
    expect(clusters[0].addresses).toMatchObject([{ address: '172.16.1.70', node: there }]);

    const status = await plugin.run(['status', '--queue-url', real.bed.world.queue.url]);
    expect(status).toMatchObject({ code: 4, text: expect.stringContaining('leads, renewed') });
    expect(status.text).toContain('1 conflict');

    const doctor = await plugin.run(['doctor', '--json']);
    const found = JSON.parse(doctor.stdout).found.map(({ name }: { name: string }) => name);
    expect(found).toContain('host-local-shared');
    expect(found).not.toContain('eni-untagged');
    expect(found).not.toContain('forwarder-silent');
  };

  test('their pods reach each other once both addresses are assigned', async () => {
    await runPod(real.cluster, onNet1('here', 0, '172.16.1.100'));
    await runPod(real.cluster, onNet1('there', 1, '172.16.1.101'));
    const ping = () => real.cluster.ping({ name: 'here' }, '172.16.1.101');
    expect(await ping()).toEqual({ sent: 3, received: 0 });

    await real.startProduct();
    await servedAt('172.16.1.100', 0);
    await servedAt('172.16.1.101', 1);

    // The node has asked by ARP in vain, and for 3 s drops what it would have to ask for again.
    const assigned = performance.now();
    await until(async () => (await ping()).received > 0, 'the node to ask again');
    const ms = performance.now() - assigned;
    console.log(
      `Pod to pod, after pings in vain: answered ${ms.toFixed(0)} ms after the assignment`,
    );
    expect(await ping()).toEqual({ sent: 3, received: 3 });
  });

  test('of two pods that host-local gives one address, the first keeps it', async () => {
    const { cluster } = real;
    const first = await runSample(cluster, 'sampleapp', real.nodeAt(0));
    await servedAt('172.16.1.70', 0);
    const pinging = await cluster.startPinging({ name: 'sampleapp' }, GATEWAY);

    const second = await runSample(cluster, 'sampleapp-dual', real.nodeAt(1));
    expect(addressOf(second, 'net1')).toBe(addressOf(first, 'net1'));
    await told(cluster, 'sampleapp-dual', 'default/sampleapp');
    const described = await cluster.kubectl(['describe', 'pod', 'sampleapp-dual']);
    expect(described).toContain('held by pod default/sampleapp on node');
    expect(described).toContain('Give each node a range of its own');
    await saysSo();

    const { sent, received } = await pinging.stop();
    expect(received).toBe(sent);
    expect(holderOf('172.16.1.70')).toBe(real.nodeAt(0).worker.instanceId);

    await deletePod(cluster, { name: 'sampleapp' });
    await servedAt('172.16.1.70', 1);
    expect(await cluster.ping({ name: 'sampleapp-dual' }, GATEWAY)).toMatchObject({ received: 3 });
  });

  test('a new pod is soon reached from the VPC', async () => {
    const { cluster } = real;
    /** When a watch of the pods showed each one's network-status first, ms since the epoch. */
    const annotated = new Map<string, number>();
    await watchPods(cluster, ended.signal, ({ object: { metadata } }) => {
      if (!metadata.annotations?.[NETWORK_STATUS] || annotated.has(metadata.name)) return;
      annotated.set(metadata.name, Date.now());
    });
    const latencies: number[] = [];
    for (let count = 0; count < MEASURED; count += 1) {
      const [name, address] = [`measured-${count}`, `172.16.1.${102 + count}`];
      const answered = cluster.vpc?.firstAnswer(address);
      await runPod(cluster, onNet1(name, count % 2, address));
      latencies.push(((await answered) ?? Number.NaN) - (annotated.get(name) ?? Number.NaN));
      await cluster.api.delete('pods', { namespace: 'default', name });
    }
    const sorted = latencies.toSorted((a, b) => a - b);
    expect(sorted.filter(Number.isFinite)).toHaveLength(MEASURED);
    const median = ((sorted[MEASURED / 2 - 1] ?? 0) + (sorted[MEASURED / 2] ?? 0)) / 2;
    console.log(
      `From the annotation to the first answered ping: median ${median.toFixed(0)} ms, ` +
        `longest ${sorted.at(-1)?.toFixed(0)} ms, of ${MEASURED} pods (${cluster.ipvlan} ipvlan)`,
    );
  });
});

import { UnassignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/wait.ts';
import type { RealNode } from './cluster/node.ts';
import { nodeObstacles } from './parts/preconditions.ts';
import type { PodStatus } from './support/pods.ts';
import { type RealBed, startRealBed } from './support/real-bed.ts';
import {
  addressOf,
  applySampleNetworks,
  networkStatusOf,
  runSample,
  writersOfNetworkStatus,
} from './support/samples.ts';

const GATEWAY = '172.16.1.1';
const obstacles = await nodeObstacles();

/*
 * The walkthrough on two real nodes, from one test to the next. Both of its pods run on the first
 * node: its host-local gives every node's first pod the same address.
 */
describe.skipIf(obstacles.length > 0)('the walkthrough on real nodes', () => {
  let real: RealBed;
  let node: RealNode;
  let single: PodStatus;
  let dual: PodStatus;

  beforeAll(async () => {
    real = await startRealBed({ nodes: 2 });
    const [first] = real.cluster.nodes;
    if (first === undefined) throw new Error('there is no node');
    node = first;
    await applySampleNetworks(real.cluster);
  });
  afterAll(() => real?.stop());

  const eniOf = (deviceIndex: number) => {
    const eni = node.worker.enis.find((each) => each.deviceIndex === deviceIndex);
    if (eni === undefined) throw new Error(`there is no eth${deviceIndex}`);
    return real.bed.world.ec2.eni(eni.id);
  };
  const answered = async (from: string, address: string) => {
    const { sent, received } = await real.cluster.ping({ name: from }, address);
    return `${received} of ${sent}`;
  };

  test('Kubernetes knows each node by the instance that EC2 knows', async () => {
    const path = '{range .items[*]}{.metadata.name} {.spec.providerID}{"\\n"}{end}';
    const said = await real.cluster.kubectl(['get', 'nodes', `--output=jsonpath=${path}`]);
    const wanted = real.cluster.nodes.map(
      ({ name, worker }) => `${name} aws:///us-east-1a/${worker.instanceId}`,
    );
    expect(said.trim().split('\n').sort()).toEqual(wanted.sort());
  });

  test('the pods run, and Multus and nobody else tells of their interfaces', async () => {
    single = await runSample(real.cluster, 'sampleapp', node);
    dual = await runSample(real.cluster, 'sampleapp-dual', node);

    expect(networkStatusOf(dual)).toMatchObject([
      { default: true },
      { interface: 'net1', ips: ['172.16.1.71'], mac: eniOf(1).mac },
      { interface: 'net2', ips: ['172.16.3.70'], mac: eniOf(2).mac },
    ]);
    expect(addressOf(single, 'net1')).toBe('172.16.1.70');
    for (const pod of [single, dual]) expect(writersOfNetworkStatus(pod)).toEqual(['multus']);
  });

  test('before an address is assigned, no ping to the gateway is answered', async () => {
    expect(await answered('sampleapp', GATEWAY)).toBe('0 of 3');
    expect(await answered('sampleapp-dual', GATEWAY)).toBe('0 of 3');
  });

  test('once the reconciler has assigned the addresses, every ping is answered', async () => {
    await real.startProduct();

    await eventually(() => eniOf(1).secondary).toEqual(['172.16.1.70', '172.16.1.71']);
    await eventually(() => eniOf(2).secondary).toEqual(['172.16.3.70']);
    expect(await answered('sampleapp', GATEWAY)).toBe('3 of 3');
    expect(await answered('sampleapp-dual', GATEWAY)).toBe('3 of 3');
    expect(await answered('sampleapp-dual', '172.16.3.1')).toBe('3 of 3');
    expect(await answered('sampleapp-dual', '172.16.1.70')).toBe('3 of 3');
    // As the guide does it.
    const pinged = ['exec', 'sampleapp-dual', '--', 'ping', '-c', '3', '-W', '1', GATEWAY];
    expect(await real.cluster.kubectl(pinged)).toContain(' 0% packet loss');
  });

  test('an address that somebody unassigns is dead until the next sweep', async () => {
    await real.bed.ec2.send(
      new UnassignPrivateIpAddressesCommand({
        NetworkInterfaceId: eniOf(1).id,
        PrivateIpAddresses: ['172.16.1.70'],
      }),
    );
    expect(await answered('sampleapp', GATEWAY)).toBe('0 of 3');

    // What a ledger says of the last fifteen seconds counts (docs/design.md, rule L17): an earlier sweep sees nothing.
    await eventually(async () => {
      await real.bed.sweep();
      return eniOf(1).secondary;
    }).toContain('172.16.1.70');
    expect(await answered('sampleapp', GATEWAY)).toBe('3 of 3');
  });

  test('the addresses of a deleted pod are released, and dead again', async () => {
    const answer = (address: string) => real.cluster.vpc?.answers(address);
    const addresses = ['172.16.1.70', '172.16.1.71', '172.16.3.70'];
    expect(await Promise.all(addresses.map(answer))).toEqual([true, true, true]);

    await real.cluster.kubectl(['delete', 'pod', 'sampleapp-dual']);

    await eventually(() => [...eniOf(1).secondary, ...eniOf(2).secondary]).toEqual(['172.16.1.70']);
    expect(await Promise.all(addresses.map(answer))).toEqual([true, false, false]);
    expect(await answered('sampleapp', GATEWAY)).toBe('3 of 3');
  });
});

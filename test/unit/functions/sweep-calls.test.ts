import { AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type DriftKind, fill } from '../../../bench/sweep/cluster.ts';
import { startBed } from '../../support/bed.ts';
import { recordIn } from '../../support/record-ledger.ts';

const NODES = 60;
const PODS_PER_NODE = 10;

/** A bed with AWS's token buckets, whose cluster drifts, and the calls of its next sweep. */
async function startDrifting(drift: DriftKind, part: number) {
  const bed = await startBed();
  onTestFinished(() => bed.stop());
  const { cluster, ec2 } = bed.world;
  fill(bed.world, { nodes: NODES, podsPerNode: PODS_PER_NODE, drift, part });
  ec2.throttle.enable();
  const sweep = async () => {
    ec2.calls.clear();
    cluster.kubernetes.forgetCalls();
    await bed.sweep();
    return { ec2: ec2.calls.counts(), kubernetes: cluster.kubernetes.calls.length };
  };
  return { ...bed, sweep };
}

/** Two pages of pods, one of ledgers, one of Nodes, one of definitions, and twice one of whereabouts' pools. */
const KUBERNETES_CALLS = 7;
/** The first page of pods that an environment ever reads is a short one. */
const FIRST_KUBERNETES_CALLS = KUBERNETES_CALLS + 1;

describe('a sweep calls EC2 as often, where', () => {
  test('nothing drifts, as there are pages of managed ENIs', async () => {
    const { sweep, telemetry, world } = await startDrifting('missing', 0);
    expect(await sweep()).toEqual({
      ec2: { DescribeNetworkInterfaces: 1, DescribeSubnets: 1, DescribeInstanceTypes: 1 },
      kubernetes: FIRST_KUBERNETES_CALLS,
    });
    expect(await sweep()).toEqual({
      ec2: { DescribeNetworkInterfaces: 1 },
      kubernetes: KUBERNETES_CALLS,
    });
    expect(telemetry.total('DriftMissing')).toBe(0);
    expect(world.sqs.messages(world.queue.name)).toEqual([]);
  });

  test.each<[DriftKind, number]>([
    ['missing', 0.1],
    ['missing', 0.3],
    ['missing', 1],
    ['elsewhere', 0.3],
    ['elsewhere', 1],
  ])('what %s is drifts at %d of the nodes, as one node does', async (drift, part) => {
    const { sweep, telemetry, world } = await startDrifting(drift, part);
    // Besides: the drifting nodes' ENIs as they are by now, and those that have what they miss.
    expect(await sweep()).toEqual({
      ec2: { DescribeNetworkInterfaces: 3, DescribeSubnets: 2, DescribeInstanceTypes: 1 },
      kubernetes: FIRST_KUBERNETES_CALLS,
    });
    expect(await sweep()).toEqual({
      ec2: { DescribeNetworkInterfaces: 3 },
      kubernetes: KUBERNETES_CALLS,
    });
    const metric = drift === 'missing' ? 'DriftMissing' : 'DriftConflicting';
    const addresses = NODES * part * PODS_PER_NODE;
    expect(telemetry.values(metric)).toEqual([addresses, addresses]);
    expect(world.sqs.messages(world.queue.name)).toHaveLength(2 * NODES * part);
  });

  test('every node leaks, without a look for who has an address', async () => {
    const { sweep, telemetry } = await startDrifting('leaked', 1);
    expect(await sweep()).toEqual({
      ec2: { DescribeNetworkInterfaces: 2, DescribeSubnets: 2, DescribeInstanceTypes: 1 },
      kubernetes: FIRST_KUBERNETES_CALLS,
    });
    expect((await sweep()).ec2).toEqual({ DescribeNetworkInterfaces: 2 });
    expect(telemetry.values('DriftLeaked')).toEqual([600, 600]);
  });
});

test('nodes of which pods miss an address come before those that leak', async () => {
  const { ec2, sweep, world } = await startDrifting('missing', 0.1);
  const { providerID } =
    world.cluster.kubernetes.objects.get('nodes', { name: 'node-1' }).spec ?? {};
  const eth1 = [...world.ec2.snapshot().enis.values()].find(
    ({ attachment }) =>
      attachment?.deviceIndex === 1 && String(providerID).endsWith(attachment.instanceId),
  );
  const leaked = { NetworkInterfaceId: eth1?.id, PrivateIpAddresses: ['10.64.0.65'] };
  await ec2.send(new AssignPrivateIpAddressesCommand(leaked));
  recordIn(world.cluster.kubernetes.objects, eth1?.id ?? '', leaked.PrivateIpAddresses, {});
  await sweep();
  const bodies = world.sqs.messages(world.queue.name).map(({ body }) => body);
  expect(bodies).toHaveLength(7);
  expect(bodies.at(-1)).toContain('"node":"node-1"');
});

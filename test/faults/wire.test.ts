import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { ACCOUNT, REGION } from '../../sandbox/aws.ts';
import { virtualClock } from '../../sandbox/clock.ts';
import type { Controls } from '../../sandbox/ec2/controls.ts';
import { createEc2 } from '../../sandbox/ec2/engine.ts';
import { CONDITION_TYPE, type Kubernetes } from '../../shared/cluster/kubernetes.ts';
import { ec2ClientInProcess } from '../support/clients.ts';
import { connectedKubernetes } from '../support/sandbox-kubernetes.ts';
import { createVirtualEc2 } from './world/ec2.ts';
import { virtualKubernetes } from './world/kubernetes.ts';

/** What the harness leaves out between the product and the sandbox makes no difference to the product. */

function furnish(ec2: Controls): { readonly eniId: string; readonly otherId: string } {
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2600:1f18:1111:1::/64'] });
  const nodeSubnetId = ec2.addSubnet({ cidr: '172.20.1.0/24' });
  const launch = (secondary: string[]) =>
    ec2.addInstance({
      type: 'm5.large',
      enis: [
        { deviceIndex: 0, subnetId: nodeSubnetId },
        {
          deviceIndex: 1,
          subnetId,
          secondary,
          tags: { 'node.k8s.amazonaws.com/no_manage': 'true' },
        },
      ],
    }).enis[1]?.id ?? '';
  const eniId = launch(['172.16.1.70']);
  ec2.addPrefix(eniId, '172.16.1.192/28');
  const otherId = launch(['172.16.1.80']);
  ec2.associateElasticIp(otherId, '172.16.1.80', '203.0.113.7');
  return { eniId, otherId };
}

const clock = virtualClock();
const real = createEc2({ clock, region: REGION, account: ACCOUNT });
const virtual = createVirtualEc2(clock);
const { eniId, otherId } = furnish(real);
furnish(virtual);
const client = ec2ClientInProcess(real);
const to = { NetworkInterfaceId: eniId };
const V6 = ['2600:1f18:1111:1::70'];

const COMMANDS = [
  new DescribeNetworkInterfacesCommand({
    Filters: [{ Name: 'vpc-id', Values: [real.vpcId] }],
    MaxResults: 1000,
  }),
  new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [eniId] }),
  new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: [real.vpcId] }] }),
  new AssignPrivateIpAddressesCommand({
    ...to,
    PrivateIpAddresses: ['172.16.1.71', '172.16.1.72'],
  }),
  new AssignPrivateIpAddressesCommand({ ...to, PrivateIpAddresses: ['172.16.1.80'] }),
  new AssignPrivateIpAddressesCommand({
    ...to,
    PrivateIpAddresses: ['172.16.1.80'],
    AllowReassignment: true,
  }),
  new AssignPrivateIpAddressesCommand({ ...to, PrivateIpAddresses: ['10.0.0.1'] }),
  new AssignIpv6AddressesCommand({ ...to, Ipv6Addresses: V6 }),
  new AssignIpv6AddressesCommand({ NetworkInterfaceId: otherId, Ipv6Addresses: V6 }),
  new UnassignPrivateIpAddressesCommand({ ...to, PrivateIpAddresses: ['172.16.1.70'] }),
  new UnassignPrivateIpAddressesCommand({ ...to, PrivateIpAddresses: ['172.16.1.70'] }),
  new UnassignIpv6AddressesCommand({ ...to, Ipv6Addresses: V6 }),
  new UnassignIpv6AddressesCommand({ ...to, Ipv6Addresses: V6 }),
  new DescribeNetworkInterfacesCommand({
    Filters: [{ Name: 'addresses.private-ip-address', Values: ['172.16.1.71', '172.16.1.80'] }],
  }),
  new DescribeInstanceTypesCommand({ Filters: [{ Name: 'instance-type', Values: ['m5.large'] }] }),
  new UnassignPrivateIpAddressesCommand({
    NetworkInterfaceId: 'eni-0',
    PrivateIpAddresses: ['172.16.1.70'],
  }),
];

/** The answer without what the SDK tells of the exchange, or the error by which callers tell it. */
async function outcomeOf(call: () => Promise<object>): Promise<unknown> {
  try {
    const { $metadata: _, ...answer } = { $metadata: {}, ...(await call()) };
    return answer;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { name: error.name, message: error.message };
  }
}

describe('EC2 without its wire', () => {
  // In this order: each finds what those before it did.
  test.each(COMMANDS.map((command, index) => [index, command.constructor.name, command] as const))(
    'answers call %i, %s, as the SDK gives it',
    async (_index, name, command) => {
      const expected = await outcomeOf(() => Reflect.apply(client.send, client, [command]));
      const action = name.replace(/Command$/, '');
      expect(await outcomeOf(async () => virtual.call(action, command.input))).toEqual(expected);
    },
  );
});

/** The API server behind the client, and without HTTP. */
async function bothWays() {
  const { api, kubernetes: client } = await connectedKubernetes();
  const direct = virtualKubernetes(
    api,
    async (_name, effect) => effect(0),
    () => 'direct',
  );
  return { api, client, direct };
}

const NODE = { metadata: { name: 'a' }, spec: { providerID: 'aws:///us-east-1a/i-0a' } };
const NETWORK = { metadata: { name: 'net-1', namespace: 'default' }, spec: { config: '{}' } };

const POOL = {
  metadata: { name: '172.16.1.0-24', namespace: 'kube-system' },
  spec: { range: '172.16.1.0/24', allocations: { 70: { id: 'c', podref: 'default/p1' } } },
};

function podNamed(name: string, nodeName?: string): object {
  return {
    metadata: { name, namespace: 'default', annotations: { 'multus-eni.dev/ignore': 'true' } },
    spec: { nodeName, containers: [{ name: 'app', image: 'app' }] },
  };
}

describe('the API server without HTTP', () => {
  test('shows what the client shows', async () => {
    const { api, client, direct } = await bothWays();
    api.objects.create('nodes', NODE);
    api.objects.create('network-attachment-definitions', NETWORK);
    api.objects.create('ippools', POOL);
    api.objects.create('pods', podNamed('p1', 'a'));
    api.objects.create('pods', podNamed('p2', 'b'));
    for (const read of [
      (kubernetes: Kubernetes) => kubernetes.listPods({}),
      (kubernetes: Kubernetes) => kubernetes.listPods({ node: 'a' }),
      (kubernetes: Kubernetes) => kubernetes.getNode('a'),
      (kubernetes: Kubernetes) => kubernetes.getNode('none'),
      (kubernetes: Kubernetes) => kubernetes.listNodes(),
      (kubernetes: Kubernetes) => kubernetes.listNetworkAttachmentDefinitions(),
      (kubernetes: Kubernetes) => kubernetes.listIpPools(),
    ]) {
      expect(await read(direct)).toEqual(await read(client));
    }
  });

  test('keeps conditions as the client writes them', async () => {
    const { api, client, direct } = await bothWays();
    const written: unknown[] = [];
    for (const kubernetes of [client, direct]) {
      const ref = { namespace: 'default', name: `p${written.length}` };
      const { uid } = api.objects.create('pods', podNamed(ref.name, 'a')).metadata;
      const status = { conditions: [{ type: 'Ready', status: 'True' }] };
      api.objects.patch('pods', ref, { status }, { subresource: 'status' });
      const condition = { status: 'False', reason: 'Conflict', message: 'held' } as const;
      await kubernetes.setPodCondition({ ...ref, uid }, { ...condition, lastTransitionTime: 0 });
      await kubernetes.setPodCondition({ ...ref, uid }, { ...condition, message: 'held again' });
      await kubernetes.setPodCondition(
        { ...ref, uid: 'another' },
        { ...condition, reason: 'None' },
      );
      written.push(api.objects.get('pods', ref).status);
    }
    expect(written[0]).toMatchObject({ conditions: [{ type: 'Ready' }, { type: CONDITION_TYPE }] });
    expect(written[1]).toEqual(written[0]);
  });

  test('keeps Events as the client writes them', async () => {
    const { api, client, direct } = await bothWays();
    for (const kubernetes of [client, direct]) {
      await kubernetes.writeEvent({
        regarding: { kind: 'Pod', namespace: 'default', name: 'p', uid: 'uid-p' },
        type: 'Normal',
        reason: 'IPsAssigned',
        message: '172.16.1.70',
        at: 0,
      });
    }
    const [one, two] = api.objects.list('events').map(({ metadata: _, ...event }) => event);
    expect(one).toMatchObject({ kind: 'Event', reason: 'IPsAssigned' });
    expect(two).toEqual(one);
  });
});

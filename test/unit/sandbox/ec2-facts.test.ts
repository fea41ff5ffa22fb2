import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { startWorkers, type Workers } from '../../support/sandbox-ec2.ts';

const ABSENT_ENI = 'eni-00000000000000000';
const INVALID = 'InvalidParameterValue';

type Pick = (workers: Workers) => string;
const onA: Pick = ({ a }) => a;
const onB: Pick = ({ b }) => b;

const assign = (w: Workers, eni: string, addresses: string[], AllowReassignment?: boolean) =>
  w.client.send(
    new AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: eni,
      PrivateIpAddresses: addresses,
      ...(AllowReassignment === undefined ? {} : { AllowReassignment }),
    }),
  );
const unassign = (w: Workers, NetworkInterfaceId: string, PrivateIpAddresses: string[]) =>
  w.client.send(new UnassignPrivateIpAddressesCommand({ NetworkInterfaceId, PrivateIpAddresses }));
const assign6 = (w: Workers, NetworkInterfaceId: string, Ipv6Addresses: string[]) =>
  w.client.send(new AssignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses }));
const unassign6 = (w: Workers, NetworkInterfaceId: string, Ipv6Addresses: string[]) =>
  w.client.send(new UnassignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses }));

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `172.16.1.${from + index}`);
const range6 = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `2001:db8:0:1::${from + index}`);

/** Every refused call also holds an address that alone would be accepted. */
interface Refusal {
  readonly row: string;
  readonly call: (w: Workers) => Promise<unknown>;
  readonly name: string;
  readonly message?: string | ((w: Workers) => string);
}

const MOVE = 'assigned, but move is not allowed.';
const notAssigned = ({ a }: Workers): string =>
  `Some of the specified addresses are not assigned to interface ${a}`;

const REFUSALS: readonly Refusal[] = [
  {
    row: 'address outside the ENI’s subnet',
    call: (w) => assign(w, onA(w), ['172.16.1.90', '172.16.3.90']),
    name: INVALID,
    message: "Address does not fall within the subnet's address range",
  },
  ...[0, 1, 2, 3, 255].map((last) => ({
    row: `first four or last address of the subnet: 172.16.1.${last}`,
    call: (w: Workers) => assign(w, onA(w), ['172.16.1.90', `172.16.1.${last}`]),
    name: INVALID,
    message: `Address 172.16.1.${last} is in subnet's reserved range.`,
  })),
  {
    row: 'on another ENI as secondary, no AllowReassignment',
    call: (w) => assign(w, onB(w), ['172.16.1.90', '172.16.1.74']),
    name: INVALID,
    message: `[172.16.1.74] ${MOVE}`,
  },
  {
    row: 'on another ENI as secondary, AllowReassignment false',
    call: (w) => assign(w, onB(w), ['172.16.1.90', '172.16.1.74'], false),
    name: INVALID,
    message: `[172.16.1.74] ${MOVE}`,
  },
  {
    row: 'all moved addresses are listed inside the brackets, comma-separated',
    call: (w) => assign(w, onB(w), ['172.16.1.74', '172.16.1.90', '172.16.1.75']),
    name: INVALID,
    message: `[172.16.1.74,172.16.1.75] ${MOVE}`,
  },
  {
    row: 'another ENI’s primary, without AllowReassignment',
    call: (w) => assign(w, onB(w), ['172.16.1.90', '172.16.1.10']),
    name: INVALID,
  },
  {
    row: 'another ENI’s primary, with AllowReassignment',
    call: (w) => assign(w, onB(w), ['172.16.1.74', '172.16.1.10'], true),
    name: INVALID,
  },
  {
    row: 'would exceed the instance type’s IPv4 addresses per interface (primary counts)',
    call: (w) => assign(w, onB(w), range(90, 98)),
    name: 'PrivateIpAddressLimitExceeded',
    message: 'Number of private addresses will exceed limit.',
  },
  {
    row: 'ENI gone (AssignPrivateIpAddresses)',
    call: (w) => assign(w, ABSENT_ENI, ['172.16.1.90']),
    name: 'InvalidNetworkInterfaceID.NotFound',
  },
  {
    row: 'an address that is none',
    call: (w) => assign(w, onA(w), ['172.16.1.90', '172.16.1.900']),
    name: INVALID,
  },
  {
    row: 'any address not on this ENI',
    call: (w) => unassign(w, onA(w), ['172.16.1.74', '172.16.1.80']),
    name: INVALID,
    message: notAssigned,
  },
  {
    row: 'a primary',
    call: (w) => unassign(w, onA(w), ['172.16.1.74', '172.16.1.10']),
    name: INVALID,
    message: 'The primary IP address of an interface cannot be unassigned.',
  },
  {
    row: 'ENI gone (UnassignPrivateIpAddresses)',
    call: (w) => unassign(w, ABSENT_ENI, ['172.16.1.74']),
    name: 'InvalidNetworkInterfaceID.NotFound',
  },
  {
    row: 'IPv6 on another ENI: refused, there is no AllowReassignment for IPv6',
    call: (w) => assign6(w, onB(w), ['2001:db8:0:1::90', '2001:db8:0:1::74']),
    name: INVALID,
    message: `[2001:db8:0:1::74] ${MOVE}`,
  },
  {
    row: 'IPv6 outside the subnet',
    call: (w) => assign6(w, onA(w), ['2001:db8:0:1::90', '2001:db8:0:2::90']),
    name: INVALID,
  },
  {
    row: 'IPv6 in the reserved range',
    call: (w) => assign6(w, onA(w), ['2001:db8:0:1::90', '2001:db8:0:1::3']),
    name: INVALID,
  },
  {
    row: 'IPv6 over the instance type’s limit',
    call: (w) => assign6(w, onA(w), range6(1000, 1009)),
    name: 'PrivateIpAddressLimitExceeded',
  },
  {
    row: 'IPv6 not on this ENI',
    call: (w) => unassign6(w, onA(w), ['2001:db8:0:1::74', '2001:db8:0:1::80']),
    name: INVALID,
    message: notAssigned,
  },
  {
    row: 'ENI gone (IPv6)',
    call: (w) => assign6(w, ABSENT_ENI, ['2001:db8:0:1::90']),
    name: 'InvalidNetworkInterfaceID.NotFound',
  },
];

describe('refused, and nothing of the call is done', () => {
  test.for(REFUSALS)('$row → $name', async ({ call, name, message }) => {
    const workers = await startWorkers();
    const before = workers.ec2.snapshot();
    const refusal = call(workers);
    const text = typeof message === 'function' ? message(workers) : message;
    await expect(refusal).rejects.toMatchObject({
      name,
      $metadata: { httpStatusCode: 400 },
      ...(text === undefined ? {} : { message: text }),
    });
    expect(workers.ec2.snapshot()).toBe(before);
  });
});

describe('AssignPrivateIpAddresses', () => {
  test('with AllowReassignment: moved, gone from the old ENI in the same step (an Elastic IP goes with it)', async () => {
    const w = await startWorkers();
    w.ec2.associateElasticIp(w.a, '172.16.1.74', '203.0.113.7');
    const changes: (readonly string[] | undefined)[][] = [];
    w.ec2.onChange(({ after }) =>
      changes.push([w.a, w.b].map((id) => after.enis.get(id)?.secondary)),
    );
    await assign(w, w.b, ['172.16.1.74', '172.16.1.90'], true);
    expect(changes).toEqual([[['172.16.1.75'], ['172.16.1.80', '172.16.1.74', '172.16.1.90']]]);
    expect(w.ec2.eni(w.a).elasticIps).toEqual(new Map());
    expect(w.ec2.eni(w.b).elasticIps).toEqual(new Map([['172.16.1.74', '203.0.113.7']]));
    const { NetworkInterfaces } = await w.client.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [w.b] }),
    );
    const moved = NetworkInterfaces?.[0]?.PrivateIpAddresses?.[2];
    expect(moved?.Association?.PublicIp).toBe('203.0.113.7');
  });

  test('two addresses of one ENI are both gone from it after a move', async () => {
    const w = await startWorkers();
    await assign(w, w.b, ['172.16.1.74', '172.16.1.75'], true);
    expect(w.ec2.eni(w.a).secondary).toEqual([]);
    expect(w.ec2.eni(w.b).secondary).toEqual(['172.16.1.80', '172.16.1.74', '172.16.1.75']);
  });

  test('already a secondary of this same ENI: accepted, also together with a new one', async () => {
    const w = await startWorkers();
    const answer = await assign(w, w.a, ['172.16.1.74', '172.16.1.90']);
    expect(w.ec2.eni(w.a).secondary).toEqual(['172.16.1.74', '172.16.1.75', '172.16.1.90']);
    expect(answer.AssignedPrivateIpAddresses).toEqual([
      { PrivateIpAddress: '172.16.1.74' },
      { PrivateIpAddress: '172.16.1.90' },
    ]);
  });

  test('a full ENI accepts what it has already', async () => {
    const w = await startWorkers();
    await assign(w, w.b, range(90, 97));
    await assign(w, w.b, range(90, 97));
    expect(w.ec2.eni(w.b).secondary).toHaveLength(9);
  });

  test('a delegated IPv4 prefix counts toward the limit like one address', async () => {
    const w = await startWorkers();
    w.ec2.addPrefix(w.b, '172.16.1.128/28');
    await expect(assign(w, w.b, range(90, 97))).rejects.toMatchObject({
      name: 'PrivateIpAddressLimitExceeded',
    });
    await assign(w, w.b, range(90, 96));
    expect(w.ec2.eni(w.b).secondary).toHaveLength(8);
  });

  test.for([
    ['its own', onB],
    ['another ENI’s', onA],
  ] as const)(
    'an address inside %s delegated prefix is refused, also with AllowReassignment',
    async ([, pick]) => {
      const w = await startWorkers();
      w.ec2.addPrefix(pick(w), '172.16.1.128/28');
      await expect(assign(w, w.b, ['172.16.1.130'], true)).rejects.toMatchObject({ name: INVALID });
      expect(w.ec2.eni(w.b).secondary).toEqual(['172.16.1.80']);
    },
  );

  test('an unassigned address is free for another ENI', async () => {
    const w = await startWorkers();
    await unassign(w, w.a, ['172.16.1.74']);
    await assign(w, w.b, ['172.16.1.74']);
    expect(w.ec2.holderOf('172.16.1.74')).toMatchObject({ eniId: w.b, role: 'secondary' });
  });
});

describe('IPv6', () => {
  test('unassign there first: then it can be assigned here', async () => {
    const w = await startWorkers();
    const gone = await unassign6(w, w.a, ['2001:db8:0:1::74']);
    expect(gone.UnassignedIpv6Addresses).toEqual(['2001:db8:0:1::74']);
    const assigned = await assign6(w, w.b, ['2001:db8:0:1:0:0:0:74']);
    expect(assigned.AssignedIpv6Addresses).toEqual(['2001:db8:0:1::74']);
    expect(w.ec2.holderOf('2001:db8:0:1::74')).toMatchObject({ eniId: w.b, role: 'ipv6' });
  });

  test('already on this same ENI: accepted', async () => {
    const w = await startWorkers();
    await assign6(w, w.a, ['2001:db8:0:1::74']);
    expect(w.ec2.eni(w.a).ipv6).toEqual(['2001:db8:0:1::74']);
  });

  test('a primary IPv6 address stays', async () => {
    const w = await startWorkers();
    const address = '2001:db8:0:1::99';
    const eni = w.ec2.addEni({ subnetId: w.subnetId, ipv6: [address], primaryIpv6: address });
    await expect(unassign6(w, eni, [address])).rejects.toMatchObject({ name: INVALID });
  });
});

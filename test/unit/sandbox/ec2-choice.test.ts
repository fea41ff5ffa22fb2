import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { type SandboxEc2, startSandboxEc2, startWorkers } from '../../support/sandbox-ec2.ts';

type OnA = SandboxEc2 & { readonly a: string };

const choose = ({ client, a }: OnA, SecondaryPrivateIpAddressCount: number) =>
  client.send(
    new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: a, SecondaryPrivateIpAddressCount }),
  );
const choose6 = ({ client, a }: OnA, Ipv6AddressCount: number) =>
  client.send(new AssignIpv6AddressesCommand({ NetworkInterfaceId: a, Ipv6AddressCount }));

async function available({
  client,
  subnetId,
}: SandboxEc2 & { readonly subnetId: string }): Promise<number | undefined> {
  const { Subnets } = await client.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
  return Subnets?.[0]?.AvailableIpAddressCount;
}

describe('addresses that EC2 chooses', () => {
  test('are free ones of the subnet, neither reserved nor within a delegated prefix', async () => {
    const bed = await startSandboxEc2();
    const subnetId = bed.ec2.addSubnet({ cidr: '172.16.9.0/26' });
    const a = bed.ec2.addEni({ subnetId, primary: '172.16.9.5' });
    const b = bed.ec2.addEni({ subnetId, primary: '172.16.9.62' });
    bed.ec2.addPrefix(b, '172.16.9.16/28');
    const { AssignedPrivateIpAddresses } = await choose({ ...bed, a }, 12);
    const chosen = AssignedPrivateIpAddresses?.map((each) => each.PrivateIpAddress);
    const free = [4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 32].map((last) => `172.16.9.${last}`);
    expect(chosen).toEqual(free);
    expect(bed.ec2.eni(a).secondary).toEqual(free);
  });

  test('are as many IPv6 addresses as asked for', async () => {
    const w = await startWorkers();
    w.ec2.addPrefix(w.b, '2001:db8:0:1:1::/80');
    const { AssignedIpv6Addresses } = await choose6(w, 2);
    expect(AssignedIpv6Addresses).toEqual(['2001:db8:0:1::4', '2001:db8:0:1::5']);
    expect(w.ec2.eni(w.a).ipv6).toEqual(['2001:db8:0:1::74', ...(AssignedIpv6Addresses ?? [])]);
  });

  test('are not more than the instance type takes', async () => {
    const w = await startWorkers();
    const tooMany = { name: 'PrivateIpAddressLimitExceeded' };
    await expect(choose(w, 8)).rejects.toMatchObject(tooMany);
    await expect(choose6(w, 10)).rejects.toMatchObject(tooMany);
    await choose(w, 7);
    await choose6(w, 9);
    expect(w.ec2.eni(w.a).secondary).toHaveLength(9);
    expect(w.ec2.eni(w.a).ipv6).toHaveLength(10);
  });

  test('are refused if the subnet has too few', async () => {
    const bed = await startSandboxEc2();
    const subnetId = bed.ec2.addSubnet({ cidr: '172.16.9.0/28' });
    const a = bed.ec2.addEni({ subnetId });
    const w = { ...bed, subnetId, a };
    const too = { name: 'InsufficientFreeAddressesInSubnet', $metadata: { httpStatusCode: 400 } };
    await expect(choose(w, 11)).rejects.toMatchObject(too);
    await expect(choose6(w, 1)).rejects.toMatchObject(too);
    await choose(w, 10);
    expect(await available(w)).toBe(0);
  });

  test.for([
    ['both', ['172.16.1.90'], 1, 'InvalidParameterCombination'],
    ['neither', undefined, undefined, 'MissingParameter'],
    ['none', undefined, 0, 'InvalidParameterValue'],
    ['less than none', undefined, -1, 'InvalidParameterValue'],
  ] as const)('%s of addresses and count: %s', async ([, addresses, count, name]) => {
    const w = await startWorkers();
    const asked = {
      NetworkInterfaceId: w.a,
      ...(addresses && { PrivateIpAddresses: [...addresses] }),
      ...(count !== undefined && { SecondaryPrivateIpAddressCount: count }),
    };
    const sent = w.client.send(new AssignPrivateIpAddressesCommand(asked));
    await expect(sent).rejects.toMatchObject({ name });
    const asked6 = {
      NetworkInterfaceId: w.a,
      ...(addresses && { Ipv6Addresses: ['2001:db8:0:1::90'] }),
      ...(count !== undefined && { Ipv6AddressCount: count }),
    };
    const sent6 = w.client.send(new AssignIpv6AddressesCommand(asked6));
    await expect(sent6).rejects.toMatchObject({ name });
    expect(w.ec2.eni(w.a)).toMatchObject({ secondary: { length: 2 }, ipv6: { length: 1 } });
  });
});

describe('AvailableIpAddressCount', () => {
  test('leaves out the five reserved addresses, primaries, secondaries and prefixes', async () => {
    const w = await startWorkers();
    const inUse = 2 + 3;
    expect(await available(w)).toBe(256 - 5 - inUse);
    w.ec2.addPrefix(w.a, '172.16.1.32/28');
    expect(await available(w)).toBe(256 - 5 - inUse - 16);
    await choose6(w, 1);
    expect(await available(w)).toBe(256 - 5 - inUse - 16);
  });

  test('is what a filter can ask for', async () => {
    const w = await startWorkers();
    const Filters = [{ Name: 'available-ip-address-count', Values: ['246'] }];
    const { Subnets } = await w.client.send(new DescribeSubnetsCommand({ Filters }));
    expect(Subnets?.map(({ SubnetId }) => SubnetId)).toEqual([w.subnetId]);
  });
});

import {
  CreateNetworkInterfaceCommand,
  DeleteNetworkInterfaceCommand,
  DescribeNetworkInterfacesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { startSandboxEc2, startWorkers, type Workers } from '../../support/sandbox-ec2.ts';

const create = (w: Workers, more: object = {}) =>
  w.client.send(new CreateNetworkInterfaceCommand({ SubnetId: w.subnetId, ...more }));
const remove = (w: Workers, NetworkInterfaceId: string) =>
  w.client.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId }));

describe('CreateNetworkInterface', () => {
  test('makes a detached ENI with tags and a description, by which it is found', async () => {
    const w = await startWorkers();
    const Tags = [{ Key: 'for', Value: 'a test' }];
    const TagSpecifications = [{ ResourceType: 'network-interface' as const, Tags }];
    const made = await create(w, { Description: 'made by a test', TagSpecifications });
    expect(made.NetworkInterface).toMatchObject({
      SubnetId: w.subnetId,
      Status: 'available',
      Description: 'made by a test',
      TagSet: Tags,
    });
    const Filters = [
      { Name: 'tag:for', Values: ['a test'] },
      { Name: 'description', Values: ['made by *'] },
    ];
    const found = await w.client.send(new DescribeNetworkInterfacesCommand({ Filters }));
    expect(found.NetworkInterfaces).toEqual([made.NetworkInterface]);
  });

  test('makes one only for a client token, however often it is sent', async () => {
    const w = await startWorkers();
    const first = await create(w, { ClientToken: 'one' });
    const again = await create(w, { ClientToken: 'one' });
    const other = await create(w, { ClientToken: 'two' });
    expect(again.NetworkInterface).toEqual(first.NetworkInterface);
    expect(other.NetworkInterface?.NetworkInterfaceId).not.toBe(
      first.NetworkInterface?.NetworkInterfaceId,
    );
  });

  test.for([
    ['a subnet that does not exist', { SubnetId: 'subnet-0' }, 'InvalidSubnetID.NotFound'],
    [
      'an address that another ENI has',
      { PrivateIpAddress: '172.16.1.74' },
      'InvalidParameterValue',
    ],
    ['an address outside', { PrivateIpAddress: '172.16.9.74' }, 'InvalidParameterValue'],
  ] as const)('refuses %s, and makes nothing', async ([, more, name]) => {
    const w = await startWorkers();
    const before = w.ec2.snapshot();
    await expect(create(w, more)).rejects.toMatchObject({ name });
    expect(w.ec2.snapshot()).toBe(before);
  });

  test('refuses a subnet without a free address', async () => {
    const bed = await startSandboxEc2();
    const subnetId = bed.ec2.addSubnet({ cidr: '172.16.9.0/28' });
    for (let left = 11; left > 0; left -= 1) bed.ec2.addEni({ subnetId });
    const made = bed.client.send(new CreateNetworkInterfaceCommand({ SubnetId: subnetId }));
    await expect(made).rejects.toMatchObject({ name: 'InsufficientFreeAddressesInSubnet' });
  });
});

describe('DeleteNetworkInterface', () => {
  test('takes a detached ENI away, and its addresses are free', async () => {
    const w = await startWorkers();
    const made = await create(w, { PrivateIpAddress: '172.16.1.99' });
    await remove(w, made.NetworkInterface?.NetworkInterfaceId ?? '');
    expect(w.ec2.holderOf('172.16.1.99')).toBeUndefined();
  });

  test('refuses one that is attached, and one that is not there', async () => {
    const w = await startWorkers();
    await expect(remove(w, w.a)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    await expect(remove(w, 'eni-0')).rejects.toMatchObject({
      name: 'InvalidNetworkInterfaceID.NotFound',
    });
    expect(w.ec2.eni(w.a).secondary).toEqual(['172.16.1.74', '172.16.1.75']);
  });
});

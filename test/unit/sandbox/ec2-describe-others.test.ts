import {
  type _InstanceType,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { startSandboxEc2, startWorkers } from '../../support/sandbox-ec2.ts';

describe('the other describe calls', () => {
  test('DescribeSubnets by id and by filter, with IPv6 blocks', async () => {
    const w = await startWorkers();
    const byId = await w.client.send(new DescribeSubnetsCommand({ SubnetIds: [w.subnetId] }));
    expect(byId.Subnets).toHaveLength(1);
    expect(byId.Subnets?.[0]).toMatchObject({
      SubnetId: w.subnetId,
      CidrBlock: '172.16.1.0/24',
      Ipv6CidrBlockAssociationSet: [
        { Ipv6CidrBlock: '2001:db8:0:1::/64', Ipv6CidrBlockState: { State: 'associated' } },
      ],
    });
    const Filters = [{ Name: 'cidr-block', Values: ['172.16.1.0/24'] }];
    const byFilter = await w.client.send(new DescribeSubnetsCommand({ Filters }));
    expect(byFilter.Subnets?.map((subnet) => subnet.SubnetId)).toEqual([w.subnetId]);
    const absent = new DescribeSubnetsCommand({ SubnetIds: ['subnet-00000000000000000'] });
    await expect(w.client.send(absent)).rejects.toMatchObject({ name: 'InvalidSubnetID.NotFound' });
  });

  test('DescribeInstances by id and by private DNS name', async () => {
    const w = await startWorkers();
    const InstanceIds = [w.instanceA];
    const byId = await w.client.send(new DescribeInstancesCommand({ InstanceIds }));
    const instance = byId.Reservations?.[0]?.Instances?.[0];
    expect(instance).toMatchObject({
      InstanceId: w.instanceA,
      InstanceType: 'm5.large',
      State: { Name: 'running' },
      NetworkInterfaces: [
        { Attachment: { DeviceIndex: 0 } },
        { Attachment: { DeviceIndex: 1 }, NetworkInterfaceId: w.a },
      ],
    });
    const Filters = [{ Name: 'private-dns-name', Values: [instance?.PrivateDnsName ?? ''] }];
    const byName = await w.client.send(new DescribeInstancesCommand({ Filters }));
    expect(byName.Reservations?.map((item) => item.Instances?.[0]?.InstanceId)).toEqual(
      InstanceIds,
    );
    const absent = new DescribeInstancesCommand({ InstanceIds: ['i-00000000000000000'] });
    await expect(w.client.send(absent)).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
  });

  test.for([
    ['t3.medium', 3, 6],
    ['m5.large', 3, 10],
    ['m5.xlarge', 4, 15],
    ['c5.large', 3, 10],
    ['m5.4xlarge', 8, 30],
  ] as const)(
    'DescribeInstanceTypes: %s has %i interfaces with %i addresses',
    async ([type, interfaces, addresses]) => {
      const { client } = await startSandboxEc2();
      const command = new DescribeInstanceTypesCommand({ InstanceTypes: [type] });
      const { InstanceTypes } = await client.send(command);
      expect(InstanceTypes?.map(({ NetworkInfo }) => NetworkInfo)).toEqual([
        expect.objectContaining({
          MaximumNetworkInterfaces: interfaces,
          Ipv4AddressesPerInterface: addresses,
          Ipv6AddressesPerInterface: addresses,
        }),
      ]);
    },
  );

  test('DescribeInstanceTypes knows a registered type and refuses an unknown one', async () => {
    const { ec2, client } = await startSandboxEc2();
    const name = 'tiny.test';
    const InstanceTypes: _InstanceType[] = [name as _InstanceType];
    const command = new DescribeInstanceTypesCommand({ InstanceTypes });
    await expect(client.send(command)).rejects.toMatchObject({ name: 'InvalidInstanceType' });
    ec2.registerInstanceType({ name, interfaces: 2, ipv4: 3, ipv6: 0 });
    const answer = await client.send(command);
    expect(answer.InstanceTypes?.[0]?.NetworkInfo).toMatchObject({
      Ipv4AddressesPerInterface: 3,
      Ipv6Supported: false,
    });
  });
});

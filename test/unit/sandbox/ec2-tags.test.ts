import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { startWorkers, type Workers } from '../../support/sandbox-ec2.ts';

const create = ({ client }: Workers, Resources: string[], Tags: Tag[], DryRun?: boolean) =>
  client.send(new CreateTagsCommand({ Resources, Tags, ...(DryRun !== undefined && { DryRun }) }));
const remove = ({ client }: Workers, Resources: string[], Tags?: Tag[]) =>
  client.send(new DeleteTagsCommand({ Resources, ...(Tags && { Tags }) }));
const tagsOf = ({ ec2 }: Workers, eni: string) => Object.fromEntries(ec2.eni(eni).tags);

describe('CreateTags', () => {
  test('adds and overwrites tags of ENIs, instances and subnets in one call', async () => {
    const w = await startWorkers();
    w.ec2.tagEni(w.a, { no_manage: 'false', kept: 'yes' });
    await create(
      w,
      [w.a, w.instanceA, w.subnetId],
      [{ Key: 'no_manage', Value: 'true' }, { Key: 'empty' }],
    );
    expect(tagsOf(w, w.a)).toEqual({ kept: 'yes', no_manage: 'true', empty: '' });
    const Filters = [{ Name: 'tag:no_manage', Values: ['true'] }];
    const enis = await w.client.send(new DescribeNetworkInterfacesCommand({ Filters }));
    const instances = await w.client.send(new DescribeInstancesCommand({ Filters }));
    const subnets = await w.client.send(new DescribeSubnetsCommand({ Filters }));
    expect([
      enis.NetworkInterfaces?.[0]?.NetworkInterfaceId,
      instances.Reservations?.[0]?.Instances?.[0]?.InstanceId,
      subnets.Subnets?.[0]?.SubnetId,
    ]).toEqual([w.a, w.instanceA, w.subnetId]);
  });

  test.for([
    ['an ENI that is not there', 'eni-00000000000000000', 'InvalidNetworkInterfaceID.NotFound'],
    ['an instance that is not there', 'i-00000000000000000', 'InvalidInstanceID.NotFound'],
    ['a subnet that is not there', 'subnet-00000000000000000', 'InvalidSubnetID.NotFound'],
    ['what is no id', 'sampleapp', 'InvalidID'],
  ] as const)('of %s: refused, and nothing of the call is done', async ([, id, name]) => {
    const w = await startWorkers();
    const before = tagsOf(w, w.a);
    await expect(create(w, [w.a, id], [{ Key: 'k', Value: 'v' }])).rejects.toMatchObject({ name });
    await expect(remove(w, [w.a, id])).rejects.toMatchObject({ name });
    expect(tagsOf(w, w.a)).toEqual(before);
  });

  test.for([
    ['an empty key', { Key: '' }],
    ['a key that is AWS’s', { Key: 'aws:x', Value: 'v' }],
    ['a key of 129 characters', { Key: 'k'.repeat(129) }],
    ['a value of 257 characters', { Key: 'k', Value: 'v'.repeat(257) }],
  ] as const)('%s is refused', async ([, tag]) => {
    const w = await startWorkers();
    const refused = expect(create(w, [w.a], [{ Key: 'good', Value: '' }, tag])).rejects;
    await refused.toMatchObject({ name: 'InvalidParameterValue' });
    expect(tagsOf(w, w.a)).toEqual({});
  });

  test('a resource has 50 tags at most', async () => {
    const w = await startWorkers();
    const tags = Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: '' }));
    await expect(create(w, [w.a], tags)).rejects.toMatchObject({ name: 'TagLimitExceeded' });
    await create(w, [w.a], tags.slice(1));
    await create(w, [w.a], [{ Key: 'k1', Value: 'overwritten' }]);
    await expect(create(w, [w.a], [{ Key: 'k0' }])).rejects.toMatchObject({
      name: 'TagLimitExceeded',
    });
  });

  test('as a dry run says that it would succeed, or why not, and does nothing', async () => {
    const w = await startWorkers();
    const tag = { Key: 'k', Value: 'v' };
    await expect(create(w, [w.a], [tag], true)).rejects.toMatchObject({
      name: 'DryRunOperation',
      $metadata: { httpStatusCode: 412 },
    });
    await expect(create(w, ['none'], [tag], true)).rejects.toMatchObject({ name: 'InvalidID' });
    expect(tagsOf(w, w.a)).toEqual({});
    await create(w, [w.a], [tag], false);
    expect(tagsOf(w, w.a)).toEqual({ k: 'v' });
  });
});

describe('DeleteTags', () => {
  const start = async (): Promise<Workers> => {
    const w = await startWorkers();
    w.ec2.tagEni(w.a, { one: '1', two: '2', 'aws:eks': 'x' });
    return w;
  };

  test('by key, whatever the value is', async () => {
    const w = await start();
    await remove(w, [w.a], [{ Key: 'one' }, { Key: 'absent' }]);
    expect(tagsOf(w, w.a)).toEqual({ two: '2', 'aws:eks': 'x' });
  });

  test('by key and value, only if that is the value', async () => {
    const w = await start();
    await remove(
      w,
      [w.a],
      [
        { Key: 'one', Value: '' },
        { Key: 'two', Value: '2' },
      ],
    );
    expect(tagsOf(w, w.a)).toEqual({ one: '1', 'aws:eks': 'x' });
  });

  test('without tags: all but those of AWS', async () => {
    const w = await start();
    await remove(w, [w.a]);
    expect(tagsOf(w, w.a)).toEqual({ 'aws:eks': 'x' });
  });
});

test('DescribeTags lists the tags of all resources, by filter and in pages', async () => {
  const w = await startWorkers();
  await create(w, [w.a, w.b], [{ Key: 'k', Value: 'v' }]);
  await create(w, [w.instanceA], [{ Key: 'k', Value: 'other' }]);
  const list = async (Name: string, value: string) => {
    const Filters = [{ Name, Values: [value] }];
    const { Tags = [] } = await w.client.send(new DescribeTagsCommand({ Filters }));
    return Tags.map(({ ResourceId }) => ResourceId).sort();
  };
  expect(await list('resource-type', 'network-interface')).toEqual([w.a, w.b].sort());
  expect(await list('resource-id', w.b)).toEqual([w.b]);
  expect(await list('tag:k', 'other')).toEqual([w.instanceA]);
  expect(await list('value', 'v')).toEqual([w.a, w.b].sort());
  expect(await list('key', 'k')).toHaveLength(3);
  await create(
    w,
    [w.a],
    Array.from({ length: 4 }, (_, index) => ({ Key: `x${index}` })),
  );
  const page = await w.client.send(new DescribeTagsCommand({ MaxResults: 5 }));
  expect(page.Tags).toHaveLength(5);
  const { NextToken } = page;
  const rest = await w.client.send(new DescribeTagsCommand({ MaxResults: 5, NextToken }));
  expect(rest.Tags).toHaveLength(2);
});

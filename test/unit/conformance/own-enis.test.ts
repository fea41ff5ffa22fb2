import {
  AssignPrivateIpAddressesCommand,
  CreateNetworkInterfaceCommand,
  CreateTagsCommand,
  DeleteNetworkInterfaceCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { ForbiddenCallError, guardedEc2, OWN_TAG } from '../../../conformance/own-enis.ts';
import { labBed } from './lab-bed.ts';

function guarded() {
  const bed = labBed();
  const { clients, ec2, subnetId } = bed;
  const mine = ec2.addEni({ subnetId });
  const guard = guardedEc2(clients, [subnetId]);
  guard.adopt(mine, ec2.eni(mine).primary);
  return { ...bed, mine, send: guard.client.send };
}

const NetworkInterfaceId = (id: string) => ({ NetworkInterfaceId: id });
const tagged = (Key: string) => [
  { ResourceType: 'network-interface' as const, Tags: [{ Key, Value: 'run' }] },
];

test('no call changes an ENI that the program did not make', async () => {
  const { ec2, send, worker } = guarded();
  const before = ec2.snapshot();
  const own = NetworkInterfaceId(worker);
  const PrivateIpAddresses = ['172.16.1.74'];
  const calls = [
    () => send(new AssignPrivateIpAddressesCommand({ ...own, PrivateIpAddresses })),
    () => send(new UnassignPrivateIpAddressesCommand({ ...own, PrivateIpAddresses })),
    () => send(new DeleteNetworkInterfaceCommand(own)),
    () => send(new CreateTagsCommand({ Resources: [worker], Tags: [{ Key: 'a', Value: 'b' }] })),
  ];
  for (const call of calls) await expect(call()).rejects.toThrow(ForbiddenCallError);
  expect(ec2.snapshot()).toBe(before);
  expect(ec2.calls.all()).toEqual([]);
});

test('no ENI is created without the tag, or in a subnet that was not confirmed', async () => {
  const { ec2, secondSubnetId, send, subnetId } = guarded();
  const create = (SubnetId: string, key: string) =>
    send(new CreateNetworkInterfaceCommand({ SubnetId, TagSpecifications: tagged(key) }));
  await expect(create(subnetId, 'Name')).rejects.toThrow(ForbiddenCallError);
  await expect(create(secondSubnetId, OWN_TAG)).rejects.toThrow(ForbiddenCallError);
  expect(ec2.calls.all()).toEqual([]);
});

test('AllowReassignment takes nothing that another ENI has, whatever was asked for before', async () => {
  const { ec2, mine, send, worker } = guarded();
  const assign = (addresses: string[], AllowReassignment?: boolean) =>
    send(
      new AssignPrivateIpAddressesCommand({
        ...NetworkInterfaceId(mine),
        PrivateIpAddresses: addresses,
        AllowReassignment,
      }),
    );
  await expect(assign(['172.16.1.74'], true)).rejects.toThrow(ForbiddenCallError);
  // EC2 refuses it, so it is not ours.
  await expect(assign(['172.16.1.74'])).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  await expect(assign(['172.16.1.74'], true)).rejects.toThrow(ForbiddenCallError);
  // Ours, and no longer: somebody may have it by now.
  await assign(['172.16.1.90']);
  await assign(['172.16.1.90'], true);
  const PrivateIpAddresses = ['172.16.1.90'];
  await send(
    new UnassignPrivateIpAddressesCommand({ ...NetworkInterfaceId(mine), PrivateIpAddresses }),
  );
  await expect(assign(['172.16.1.90'], true)).rejects.toThrow(ForbiddenCallError);
  expect(ec2.eni(worker).secondary).toEqual(['172.16.1.74', '172.16.1.75']);
});

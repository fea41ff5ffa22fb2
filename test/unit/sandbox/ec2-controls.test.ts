import { describe, expect, test } from 'vitest';
import { startSandboxEc2, startWorkers } from '../../support/sandbox-ec2.ts';

describe('instances and their ENIs', () => {
  test('ids, MAC addresses and names look like EC2’s', async () => {
    const w = await startWorkers();
    const eni = w.ec2.eni(w.a);
    expect(eni.id).toMatch(/^eni-0[0-9a-f]{16}$/);
    expect(eni.subnetId).toMatch(/^subnet-0[0-9a-f]{16}$/);
    expect(eni.vpcId).toMatch(/^vpc-0[0-9a-f]{16}$/);
    expect(eni.mac).toMatch(/^02(:[0-9a-f]{2}){5}$/);
    expect(w.instanceA).toMatch(/^i-0[0-9a-f]{16}$/);
    expect(w.ec2.snapshot().instances.get(w.instanceA)?.privateDnsName).toBe(
      'ip-172-16-0-4.ec2.internal',
    );
    const macs = [...w.ec2.snapshot().enis.values()].map(({ mac }) => mac);
    expect(new Set(macs).size).toBe(4);
  });

  test('the lowest free address that is not reserved becomes the primary', async () => {
    const { ec2 } = await startSandboxEc2();
    const subnetId = ec2.addSubnet({ cidr: '10.0.0.0/24' });
    ec2.addEni({ subnetId, primary: '10.0.0.5' });
    const primaries = [ec2.addEni({ subnetId }), ec2.addEni({ subnetId })].map(
      (id) => ec2.eni(id).primary,
    );
    expect(primaries).toEqual(['10.0.0.4', '10.0.0.6']);
  });

  test('a terminated instance loses its primary ENI and leaves the others detached, with their addresses', async () => {
    const w = await startWorkers();
    const first = [...w.ec2.snapshot().enis.values()].find(
      ({ attachment }) => attachment?.instanceId === w.instanceA && attachment.deviceIndex === 0,
    );
    w.ec2.terminateInstance(w.instanceA);
    expect(w.ec2.snapshot().enis.has(first?.id ?? '')).toBe(false);
    expect(w.ec2.eni(w.a).attachment).toBeUndefined();
    expect(w.ec2.holderOf('172.16.1.74')).toMatchObject({ eniId: w.a, instanceId: undefined });
  });

  test('a detached ENI can be attached to another instance', async () => {
    const w = await startWorkers();
    w.ec2.detachEni(w.a);
    w.ec2.attachEni(w.a, w.instanceB, 2);
    expect(w.ec2.eni(w.a).attachment).toMatchObject({ instanceId: w.instanceB, deviceIndex: 2 });
  });

  test('what EC2 could not have is refused', async () => {
    const w = await startWorkers();
    const { ec2, subnetId } = w;
    expect(() => ec2.attachEni(w.a, w.instanceB, 2)).toThrow('attached already');
    const eni = ec2.addEni({ subnetId });
    expect(() => ec2.attachEni(eni, w.instanceB, 1)).toThrow('device index 1');
    ec2.attachEni(eni, w.instanceB, 2);
    const fourth = ec2.addEni({ subnetId });
    expect(() => ec2.attachEni(fourth, w.instanceB, 3)).toThrow('takes 3 interfaces');
    expect(() => ec2.addEni({ subnetId, primary: '172.16.1.74' })).toThrow('assigned');
    expect(() => ec2.addEni({ subnetId, primary: '172.16.3.74' })).toThrow('range');
    expect(() => ec2.addSubnet({ cidr: '172.16.0.128/25' })).toThrow('overlaps');
    expect(() => ec2.addPrefix(w.a, '172.16.1.0/26')).toThrow('/28');
    expect(() => ec2.addPrefix(w.a, '172.16.1.64/28')).toThrow('172.16.1.74');
    expect(() => ec2.addPrefix(w.a, '172.16.3.64/28')).toThrow('not in');
  });
});

describe('who has an address', () => {
  test('as primary, secondary, IPv6 or inside a prefix, in its own VPC', async () => {
    const w = await startWorkers();
    w.ec2.addPrefix(w.b, '172.16.1.128/28');
    const roles = ['172.16.1.10', '172.16.1.74', '2001:db8:0:1::74', '172.16.1.130'].map(
      (address) => w.ec2.holderOf(address)?.role,
    );
    expect(roles).toEqual(['primary', 'secondary', 'ipv6', 'prefix']);
    expect(w.ec2.holderOf('172.16.1.99')).toBeUndefined();
    expect(w.ec2.holderOf('172.16.1.74', w.ec2.addVpc())).toBeUndefined();
  });

  test('the same address may be in use in another VPC', async () => {
    const w = await startWorkers();
    const vpcId = w.ec2.addVpc();
    const subnetId = w.ec2.addSubnet({ vpcId, cidr: '172.16.1.0/24' });
    const eni = w.ec2.addEni({ subnetId, primary: '172.16.1.74' });
    expect(w.ec2.holderOf('172.16.1.74', vpcId)?.eniId).toBe(eni);
    expect(w.ec2.holderOf('172.16.1.74')?.eniId).toBe(w.a);
  });
});

test('tags are set and removed', async () => {
  const w = await startWorkers();
  w.ec2.tagEni(w.a, { one: '1', two: '2' });
  w.ec2.tagEni(w.a, { one: undefined });
  expect(w.ec2.eni(w.a).tags).toEqual(new Map([['two', '2']]));
});

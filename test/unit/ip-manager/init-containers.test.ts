import { describe, expect, test, vi } from 'vitest';
import { initContainers } from '../../../ip-manager/commands/init-containers.ts';
import { EXIT } from '../../../ip-manager/exit-code.ts';
import { assign, eniOf, holderOf, ipvlan, outsideOf, runInitContainers, startBed } from './bed.ts';
import { SOON } from './running-sidecar.ts';

describe('what is missing', () => {
  test('is assigned to the ENI whose MAC address its interface has, with two calls', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const outside = outsideOf(bed, worker, [ipvlan(worker, 1, '172.16.1.70')]);
    await runInitContainers(outside);
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(worker, 1).id);
    expect(bed.ec2.calls.counts()).toEqual({
      DescribeNetworkInterfaces: 1,
      AssignPrivateIpAddresses: 1,
    });
    expect(outside.said).toEqual([`172.16.1.70 (net1): assigned to ${eniOf(worker, 1).id}`]);
  });

  test('is assigned with one call for each ENI and family, whatever the number of addresses', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const net1 = ['172.16.1.70', '172.16.1.71', '2600:1f18:1111:1::70', 'fe80::5'];
    await runInitContainers(
      outsideOf(bed, worker, [ipvlan(worker, 1, ...net1), ipvlan(worker, 2, '172.16.3.70')]),
    );
    for (const address of net1.slice(0, 3)) {
      expect(holderOf(bed, address)).toBe(eniOf(worker, 1).id);
    }
    expect(holderOf(bed, '172.16.3.70')).toBe(eniOf(worker, 2).id);
    expect(bed.ec2.calls.counts()).toEqual({
      DescribeNetworkInterfaces: 1,
      AssignPrivateIpAddresses: 2,
      AssignIpv6Addresses: 1,
    });
  });

  test('goes to the right one of two ENIs in one subnet', async () => {
    const bed = await startBed();
    const { multus1 } = bed.subnets;
    const enis = [1, 2].map((deviceIndex) => ({ deviceIndex, subnetId: multus1 }));
    const worker = bed.addWorker({ enis });
    await runInitContainers(outsideOf(bed, worker, [ipvlan(worker, 2, '172.16.1.70')]));
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(worker, 2).id);
  });

  test('goes by the subnets, which are asked for then, if the MAC address is no ENI’s', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const macvlan = { name: 'net1', mac: '0a:00:00:00:00:01', addresses: ['172.16.3.70'] };
    await runInitContainers(outsideOf(bed, worker, [macvlan]));
    expect(holderOf(bed, '172.16.3.70')).toBe(eniOf(worker, 2).id);
    expect(bed.ec2.calls.counts()).toMatchObject({ DescribeSubnets: 1 });
  });

  test('nothing is assigned if EC2 has everything', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    await assign(bed, eniOf(worker, 1).id, '172.16.1.70');
    const primary = bed.ec2.eni(eniOf(worker, 2).id).primary;
    await runInitContainers(
      outsideOf(bed, worker, [ipvlan(worker, 1, '172.16.1.70'), ipvlan(worker, 2, primary)]),
    );
    expect(bed.ec2.calls.counts()).toEqual({ DescribeNetworkInterfaces: 1 });
  });

  test('EC2 is not asked for a pod that has only eth0', async () => {
    const bed = await startBed();
    const outside = outsideOf(bed, bed.addWorker());
    await runInitContainers(outside);
    expect(outside.said).toEqual([expect.stringContaining('nothing to assign')]);
    expect(bed.ec2.calls.counts()).toEqual({});
  });

  test('is tried again while EC2 throttles', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const effect = { kind: 'error', code: 'RequestLimitExceeded', status: 503 } as const;
    bed.ec2.faults.add({ action: 'AssignPrivateIpAddresses', effect });
    const outside = outsideOf(bed, worker, [ipvlan(worker, 1, '172.16.1.70')]);
    await runInitContainers(outside);
    expect(holderOf(bed, '172.16.1.70')).toBe(eniOf(worker, 1).id);
    expect(outside.said[0]).toMatch(/^waiting: RequestLimitExceeded/);
  });
});

describe('what cannot be assigned', () => {
  test('is told of together with what has been assigned all the same', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const addresses = ['172.16.1.70', '172.16.1.2', '172.16.9.9'];
    const outside = outsideOf(bed, worker, [ipvlan(worker, 1, ...addresses)]);
    const { id } = eniOf(worker, 1);
    await expect(runInitContainers(outside)).rejects.toMatchObject({
      exitCode: EXIT.notAssigned,
      message: expect.stringMatching(
        new RegExp(
          `172.16.1.2 .net1.: AWS reserves .*; 172.16.9.9 .net1.: not in .*; 172.16.1.70 .net1. is on ${id}`,
        ),
      ),
    });
    expect(holderOf(bed, '172.16.1.70')).toBe(id);
  });

  test('is one address on two interfaces', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const interfaces = [ipvlan(worker, 1, '172.16.1.70'), ipvlan(worker, 2, '172.16.1.70')];
    await expect(runInitContainers(outsideOf(bed, worker, interfaces))).rejects.toMatchObject({
      exitCode: EXIT.notAssigned,
      message: expect.stringContaining('net1 and net2 both have 172.16.1.70'),
    });
    expect(holderOf(bed, '172.16.1.70')).toBeUndefined();
  });

  test('is an address of an ENI without the managed tag', async () => {
    const bed = await startBed();
    const eni = { deviceIndex: 1, subnetId: bed.subnets.multus1, tagged: false };
    const worker = bed.addWorker({ enis: [eni] });
    const outside = outsideOf(bed, worker, [ipvlan(worker, 1, '172.16.1.70')]);
    await expect(runInitContainers(outside)).rejects.toMatchObject({
      exitCode: EXIT.notAssigned,
      message: expect.stringContaining('Tag it node.k8s.amazonaws.com/no_manage=true'),
    });
  });

  test('is what two ENIs may be meant for', async () => {
    const bed = await startBed();
    const { multus1 } = bed.subnets;
    const enis = [1, 2].map((deviceIndex) => ({ deviceIndex, subnetId: multus1 }));
    const worker = bed.addWorker({ enis });
    const macvlan = { name: 'net1', mac: '0a:00:00:00:00:01', addresses: ['172.16.1.70'] };
    await expect(runInitContainers(outsideOf(bed, worker, [macvlan]))).rejects.toMatchObject({
      exitCode: EXIT.notAssigned,
      message: expect.stringContaining('it may belong on'),
    });
  });

  const overlay = { name: 'net3', mac: '0a:00:00:00:00:03', addresses: ['192.168.7.7'] };

  test('is an address in no ENI’s subnet, if the pod has no other', async () => {
    const bed = await startBed();
    await expect(
      runInitContainers(outsideOf(bed, bed.addWorker(), [overlay])),
    ).rejects.toMatchObject({
      exitCode: EXIT.notAssigned,
      message: expect.stringContaining('192.168.7.7 (net3): no managed ENI of this node'),
    });
  });

  test('is left alone beside others if it is of another network', async () => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const outside = outsideOf(bed, worker, [ipvlan(worker, 1, '172.16.1.70'), overlay]);
    await runInitContainers(outside);
    expect(outside.said).toContain('192.168.7.7 (net3): left alone, no managed ENI has its subnet');
  });
});

describe('what waiting does not help with', () => {
  test.each([
    ['UnauthorizedOperation', EXIT.noPermission, 'allow the role ec2:AssignPrivateIpAddresses'],
    ['SomethingElse', undefined, 'SomethingElse'],
  ])('ends it at once: %s', async (code, exitCode, said) => {
    const bed = await startBed();
    const worker = bed.addWorker();
    const message = `${code}: not authorized to perform: ec2:AssignPrivateIpAddresses on resource`;
    const effect = { kind: 'error', code, message, status: 403 } as const;
    bed.ec2.faults.add({ action: 'AssignPrivateIpAddresses', effect });
    const failure = runInitContainers(outsideOf(bed, worker, [ipvlan(worker, 1, '172.16.1.70')]));
    await expect(failure).rejects.toThrow(said);
    await expect(failure).rejects.toSatisfy((error) => error.exitCode === exitCode);
  });

  test('is being ended', async () => {
    const bed = await startBed();
    const [here, there] = [bed.addWorker(), bed.addWorker()];
    await assign(bed, eniOf(there, 1).id, '172.16.1.70');
    const outside = outsideOf(bed, here, [ipvlan(here, 1, '172.16.1.70')]);
    const ended = new AbortController();
    const running = initContainers(outside, { timeoutMs: 60_000, signal: ended.signal });
    await vi.waitFor(() => expect(outside.said).toHaveLength(1), SOON);
    ended.abort(new Error('SIGTERM'));
    await expect(running).rejects.toThrow('SIGTERM');
  });
});

import { describe, expect, test, vi } from 'vitest';
import { EXIT, Failure } from '../../../ip-manager/exit-code.ts';
import { FLOATING_IPS } from '../../../shared/cluster/annotations.ts';
import { startApiServer } from './api-server.ts';
import { eniOf, ipvlan, outsideOf, startBed } from './bed.ts';
import { fakeInterfaces } from './interfaces.ts';
import { net1, runSidecar, runSidecarIn, SOON } from './running-sidecar.ts';

describe('where the service account may patch its pod', () => {
  async function startPublishing(...addresses: string[]) {
    const interfaces = await fakeInterfaces(net1(...addresses));
    const server = await startApiServer(['172.16.1.70'], ['patch']);
    const floating = (): string[] =>
      JSON.parse(server.annotations()[FLOATING_IPS] ?? '[]').map(({ ip }: { ip: string }) => ip);
    const published = (ips: readonly string[]) =>
      vi.waitFor(() => expect(floating()).toEqual(ips), SOON);
    return { interfaces, server, floating, published };
  }

  test('an address that comes is published, and one that goes is withdrawn', async () => {
    const { interfaces, server, published } = await startPublishing('172.16.1.70');
    const bed = await startBed();
    runSidecarIn(bed, server.ownPod, interfaces);
    await vi.waitFor(async () => expect(await interfaces.monitors()).toHaveLength(1), SOON);
    await interfaces.set(net1('172.16.1.70', '172.16.1.90'));
    await published(['172.16.1.90']);
    await interfaces.set(net1('172.16.1.70', '172.16.1.90', '172.16.1.91'));
    await published(['172.16.1.90', '172.16.1.91']);
    await interfaces.set(net1('172.16.1.70'));
    await vi.waitFor(() => expect(server.annotations()[FLOATING_IPS]).toBeUndefined(), SOON);
    expect(bed.ec2.calls.counts()).toEqual({});
  });

  test('what was there before it started is published too', async () => {
    const { interfaces, server, published } = await startPublishing('172.16.1.70', '172.16.1.90');
    runSidecarIn(await startBed(), server.ownPod, interfaces);
    await published(['172.16.1.90']);
  });

  test('a change that was not notified is seen when ip monitor is started again', async () => {
    const { interfaces, server, published } = await startPublishing('172.16.1.70');
    const { said } = runSidecarIn(await startBed(), server.ownPod, interfaces);
    await vi.waitFor(async () => expect(await interfaces.monitors()).toHaveLength(1), SOON);
    // The second look after its start is over, and nothing is published.
    await vi.waitFor(() => expect(server.api.calls.length).toBeGreaterThanOrEqual(2), SOON);
    const [monitor = 0] = await interfaces.monitors();
    await interfaces.setQuietly(net1('172.16.1.70', '172.16.1.90'));
    process.kill(monitor, 'SIGKILL');
    await published(['172.16.1.90']);
    expect(said.join('\n')).toContain('monitor address ended with SIGKILL and is started again');
  });

  test('it is published later if the API server fails', async () => {
    const { interfaces, server, published } = await startPublishing('172.16.1.90');
    server.api.faults.failNext(2);
    const { said } = runSidecarIn(await startBed(), server.ownPod, interfaces);
    await published(['172.16.1.90']);
    expect(said[0]).toContain('not published yet');
  });

  test('it ends with its children when it is ended', async () => {
    const { interfaces, server } = await startPublishing('172.16.1.70');
    const { ended, stop } = runSidecarIn(await startBed(), server.ownPod, interfaces);
    await vi.waitFor(async () => expect(await interfaces.monitors()).toHaveLength(1), SOON);
    stop();
    expect(await ended).toEqual(new Error('SIGTERM'));
    const [monitor = 0] = await interfaces.monitors();
    await vi.waitFor(() => expect(() => process.kill(monitor, 0)).toThrow('ESRCH'), SOON);
  });
});

describe('where it may not', () => {
  test('what comes is assigned, and it says once what that means', async () => {
    const bed = await startBed();
    const server = await startApiServer([], []);
    const interfaces = await fakeInterfaces();
    const { worker, said } = runSidecarIn(bed, server.ownPod, interfaces);
    await vi.waitFor(() => expect(said.join('\n')).toContain('assigned directly'), SOON);
    const holder = (address: string) => bed.ec2.holderOf(address)?.eniId;
    for (const addresses of [['172.16.1.90'], ['172.16.1.90', '172.16.1.91']]) {
      await interfaces.set(ipvlan(worker, 1, ...addresses));
      const last = addresses.at(-1) ?? '';
      await vi.waitFor(() => expect(holder(last)).toBe(eniOf(worker, 1).id), SOON);
    }
    expect(said.filter((line) => line.includes('assigned directly'))).toHaveLength(1);
  });

  test('also if there is no token, and one that cannot be assigned holds up no other', async () => {
    const bed = await startBed();
    const interfaces = await fakeInterfaces();
    const noToken = async () => {
      throw new Failure(EXIT.noPermission, 'no service account token');
    };
    const { worker, said } = runSidecarIn(bed, noToken, interfaces);
    await interfaces.set(ipvlan(worker, 1, '172.16.1.1', '172.16.1.90'));
    await vi.waitFor(() => expect(bed.ec2.holderOf('172.16.1.90')).toBeDefined(), SOON);
    await vi.waitFor(
      () => expect(said.join('\n')).toContain('172.16.1.1 (net1): AWS reserves'),
      SOON,
    );
  });
});

test('if ip cannot be run it ends, and says so', async () => {
  const bed = await startBed();
  const server = await startApiServer();
  const outside = outsideOf(bed, bed.addWorker(), [], { IP_COMMAND: '/nowhere/ip' });
  const { ended } = runSidecar({ ...outside, ownPod: server.ownPod });
  expect(await ended).toMatchObject({
    exitCode: EXIT.failed,
    message: expect.stringContaining("iproute2's ip"),
  });
});

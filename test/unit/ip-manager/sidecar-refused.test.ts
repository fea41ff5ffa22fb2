import { describe, expect, test, vi } from 'vitest';
import type { IpManagerOutside } from '../../../ip-manager/commands/outside.ts';
import { EXIT, Failure } from '../../../ip-manager/exit-code.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { POD, type PodsApiServer, startApiServer } from './api-server.ts';
import { eniOf, ipvlan, startBed } from './bed.ts';
import { fakeInterfaces } from './interfaces.ts';
import { net1, runSidecarIn, SOON } from './running-sidecar.ts';

const FLOATING = '172.16.1.90';

const published = (server: PodsApiServer, ...ips: string[]) =>
  vi.waitFor(() => {
    const list: { ip: string }[] = JSON.parse(server.annotations()[FLOATING_IPS] ?? '[]');
    expect(list.map(({ ip }) => ip)).toEqual(ips);
  }, SOON);

const says = (said: readonly string[], text: string) =>
  vi.waitFor(() => expect(said.join('\n')).toContain(text), SOON);

/** Pauses are over at once; `passed` is how long they would have been, ms. */
function hurriedClock() {
  let passed = 0;
  return {
    passed: () => passed,
    clock: {
      now: () => systemClock.now() + passed,
      monotonic: () => systemClock.monotonic() + passed,
      after: (delayMs: number, task: () => void) =>
        systemClock.after(1, () => {
          passed += delayMs;
          task();
        }),
    },
  };
}

describe('what the API server refuses once', () => {
  test.each([401, 403, 409, 422, 429, 500])(
    'HTTP %i is tried again, and nothing is assigned directly',
    async (code) => {
      const bed = await startBed();
      const server = await startApiServer(['172.16.1.70'], ['patch']);
      server.api.faults.failNext(1, undefined, code);
      const interfaces = await fakeInterfaces(net1(FLOATING));
      const { said } = runSidecarIn(bed, server.ownPod, interfaces);
      await published(server, FLOATING);
      expect(said[0]).toContain('not published yet: pod default/sampleapp: ');
      expect(said.join('\n')).not.toContain('directly');
      expect(bed.ec2.calls.counts()).toEqual({});
    },
  );

  test('a write that is refused by an admission is tried again too', async () => {
    const bed = await startBed();
    const server = await startApiServer(['172.16.1.70'], ['patch']);
    let patches = 0;
    // The first patch changes nothing, and only asks for the pod.
    server.api.faults.failNext(1, () => ++patches === 2, 403);
    runSidecarIn(bed, server.ownPod, await fakeInterfaces(net1(FLOATING)));
    await published(server, FLOATING);
    expect(bed.ec2.calls.counts()).toEqual({});
  });
});

test('an API server that is away for minutes is waited for, and nothing is assigned directly', async () => {
  const bed = await startBed();
  const server = await startApiServer(['172.16.1.70'], ['patch']);
  server.api.faults.goDown('unreachable');
  const { clock, passed } = hurriedClock();
  const interfaces = await fakeInterfaces(net1(FLOATING));
  const { said } = runSidecarIn(bed, server.ownPod, interfaces, { clock });
  await vi.waitFor(() => expect(passed()).toBeGreaterThan(5 * 60_000), SOON);
  server.api.faults.comeUp();
  await published(server, FLOATING);
  expect(said.filter((line) => line.includes('not published yet'))).toHaveLength(1);
  expect(bed.ec2.calls.counts()).toEqual({});
});

test('an expired token is read anew once the kubelet has renewed it', async () => {
  const bed = await startBed();
  const server = await startApiServer(['172.16.1.70'], ['patch']);
  server.tokens.clear();
  server.tokens.add('renewed');
  const interfaces = await fakeInterfaces(net1(FLOATING));
  const { said } = runSidecarIn(bed, server.ownPod, interfaces);
  await says(said, 'not published yet: pod default/sampleapp: Unauthorized');
  await server.writeToken('renewed');
  await published(server, FLOATING);
});

describe('where it is refused for long', () => {
  async function startForbidden(more: Partial<IpManagerOutside> = {}) {
    const bed = await startBed();
    const verbs: string[] = [];
    const server = await startApiServer([], verbs);
    const interfaces = await fakeInterfaces();
    const { clock } = hurriedClock();
    const running = runSidecarIn(bed, server.ownPod, interfaces, { clock, ...more });
    await says(running.said, 'assigned directly until they can be published');
    const allow = () => verbs.push('patch');
    return { bed, server, interfaces, allow, ...running };
  }

  test('what was assigned directly is published as soon as the Role is bound', async () => {
    const { bed, server, interfaces, allow, worker, said } = await startForbidden();
    await interfaces.set(ipvlan(worker, 1, FLOATING));
    await vi.waitFor(
      () => expect(bed.ec2.holderOf(FLOATING)?.eniId).toBe(eniOf(worker, 1).id),
      SOON,
    );
    allow();
    await published(server, FLOATING);
    await says(said, 'assigned directly no longer');

    const before = bed.ec2.calls.counts();
    await interfaces.set(ipvlan(worker, 1, FLOATING, '172.16.1.91'));
    await published(server, FLOATING, '172.16.1.91');
    expect(bed.ec2.calls.counts()).toEqual(before);
  });

  test('a sidecar that is started anew publishes what the one before has assigned', async () => {
    const { bed, server, interfaces, allow, worker, stop, ended } = await startForbidden();
    await interfaces.set(ipvlan(worker, 1, FLOATING));
    await vi.waitFor(() => expect(bed.ec2.holderOf(FLOATING)).toBeDefined(), SOON);
    stop();
    await ended;
    allow();
    runSidecarIn(bed, server.ownPod, interfaces);
    await published(server, FLOATING);
  });

  test.each<[string, Partial<IpManagerOutside>]>([
    [
      'there is no instance metadata',
      {
        readInstance: async () => {
          throw new Failure(EXIT.noInstanceMetadata, 'it does not answer');
        },
      },
    ],
    [
      'EC2 cannot be asked for a reason that nobody foresaw',
      {
        ec2Clients: () => {
          throw new TypeError('it does not answer');
        },
      },
    ],
  ])('%s: it goes on, and publishes once it may', async (_, more) => {
    const { server, interfaces, allow, said, worker } = await startForbidden(more);
    await interfaces.set(ipvlan(worker, 1, FLOATING));
    await says(said, 'it does not answer');
    allow();
    await published(server, FLOATING);
  });

  test('EC2 refuses it too: it goes on, says both once, and publishes once it may', async () => {
    const { bed, server, interfaces, allow, said, worker } = await startForbidden();
    bed.ec2.faults.add({
      times: Number.POSITIVE_INFINITY,
      effect: { kind: 'error', code: 'UnauthorizedOperation', status: 403 },
    });
    await interfaces.set(ipvlan(worker, 1, FLOATING));
    await vi.waitFor(
      () => expect(bed.ec2.calls.counts().DescribeNetworkInterfaces).toBeGreaterThan(3),
      SOON,
    );
    expect(said.filter((line) => line.includes('UnauthorizedOperation'))).toHaveLength(1);
    expect(said.filter((line) => line.includes('not published yet'))).toHaveLength(1);
    allow();
    await published(server, FLOATING);
  });
});

test('it ends if there is no pod of that name, and says what to set', async () => {
  const server = await startApiServer();
  server.api.objects.delete('pods', POD, { gracePeriodSeconds: 0 });
  const interfaces = await fakeInterfaces(net1(FLOATING));
  const { ended } = runSidecarIn(await startBed(), server.ownPod, interfaces);
  expect(await ended).toMatchObject({
    exitCode: EXIT.badInput,
    message: expect.stringContaining('POD_NAME'),
  });
});

describe('network-status that comes after the address', () => {
  const attach = (server: PodsApiServer, ...ips: string[]) =>
    server.annotate({
      [NETWORK_STATUS]: JSON.stringify([{ name: 'hot-plugged', interface: 'net2', ips }]),
    });
  const net2 = (...addresses: string[]) => ({ ...net1(...addresses), name: 'net2' });

  test('takes a hot-plugged address out of what is published as floating', async () => {
    const server = await startApiServer([], ['patch']);
    const interfaces = await fakeInterfaces(net2('172.16.1.71', FLOATING));
    runSidecarIn(await startBed(), server.ownPod, interfaces);
    await published(server, '172.16.1.71', FLOATING);
    attach(server, '172.16.1.71');
    await published(server, FLOATING);
    attach(server, '172.16.1.71', FLOATING);
    await vi.waitFor(() => expect(server.annotations()[FLOATING_IPS]).toBeUndefined(), SOON);
  });

  test('is looked for however late it comes', async () => {
    const { clock, passed } = hurriedClock();
    const server = await startApiServer([], ['patch']);
    const interfaces = await fakeInterfaces(net2('172.16.1.71'));
    const { said } = runSidecarIn(await startBed(), server.ownPod, interfaces, { clock });
    await published(server, '172.16.1.71');
    await vi.waitFor(() => expect(passed()).toBeGreaterThan(10 * 60_000), SOON);
    attach(server, '172.16.1.71');
    await vi.waitFor(() => expect(server.annotations()[FLOATING_IPS]).toBeUndefined(), SOON);
    await says(said, 'none');
    expect(said).toHaveLength(2);
  });

  test('has what it does not name published once it can be read', async () => {
    const server = await startApiServer([], ['patch']);
    server.annotate({ [NETWORK_STATUS]: 'not JSON' });
    const interfaces = await fakeInterfaces(net2('172.16.1.71', FLOATING));
    const { clock, passed } = hurriedClock();
    const { said } = runSidecarIn(await startBed(), server.ownPod, interfaces, { clock });
    await vi.waitFor(() => expect(passed()).toBeGreaterThan(10 * 60_000), SOON);
    expect(said).toEqual([expect.stringContaining('network-status cannot be read')]);
    attach(server, '172.16.1.71');
    await published(server, FLOATING);
  });

  test('is asked for no more if nothing is floating', async () => {
    const { clock, passed } = hurriedClock();
    const server = await startApiServer(['172.16.1.70'], ['patch']);
    const interfaces = await fakeInterfaces(net1('172.16.1.70'));
    runSidecarIn(await startBed(), server.ownPod, interfaces, { clock });
    const looked = (times: number) =>
      vi.waitFor(() => expect(server.api.calls.length).toBeGreaterThanOrEqual(times), SOON);
    await looked(1);
    await interfaces.set(net1('172.16.1.70'));
    await looked(2);
    expect(passed()).toBeLessThan(1_000);
  });
});

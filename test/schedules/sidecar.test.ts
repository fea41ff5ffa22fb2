/** docs/design.md, "Schedules that broke earlier wordings": those of the sidecar. */
import { describe, expect, test, vi } from 'vitest';
import { ownPod } from '../../ip-manager/addresses/own-pod.ts';
import { readEnvironment } from '../../ip-manager/environment.ts';
import { parseFloatingIps } from '../../shared/claims/floating-ips.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { podEnvironment } from '../unit/ip-manager/api-server.ts';
import { ipvlan, outsideOf } from '../unit/ip-manager/bed.ts';
import { fakeInterfaces } from '../unit/ip-manager/interfaces.ts';
import { runSidecar, SOON } from '../unit/ip-manager/running-sidecar.ts';
import { type Scene, startScene } from './scene.ts';

/** The pod's own, as Multus writes it. */
const OWN = '172.16.1.70';
/** Comes to the pod's interface while it runs. */
const X = '172.16.1.75';

interface Member {
  readonly pod: string;
  readonly node: string;
  readonly own: string;
  /** By how much its node's clock is ahead. */
  readonly aheadMs?: number;
}

const P1: Member = { pod: 'p1', node: 'a', own: OWN };

/** A pod that has X on its interface, with a sidecar. */
async function startPod(scene: Scene, { pod, node, own, aheadMs = 0 }: Member): Promise<void> {
  scene.pod(pod, { node, ips: [own] });
  await scene.look(node);
  const worker = scene.worker(node);
  const { command } = await fakeInterfaces(ipvlan(worker, 1, own, X));
  const environment = readEnvironment({
    ...(await podEnvironment(scene.world.cluster.kubernetes)),
    POD_NAMESPACE: 'ns1',
    IP_COMMAND: command,
  });
  const clock = { ...systemClock, now: () => systemClock.now() + aheadMs };
  runSidecar({
    ...outsideOf(scene.world, worker),
    environment,
    clock,
    ownPod: () => ownPod(environment, { hostname: pod, clock }),
  });
}

function refusePatches({ world }: Scene, refuses: () => boolean): void {
  const patches = (call: { verb: string; resource: string }) =>
    call.verb === 'patch' && call.resource === 'pods';
  const { faults } = world.cluster.kubernetes;
  faults.failNext(Number.POSITIVE_INFINITY, (call) => patches(call) && refuses(), 403);
}

/** Until the pod claims X. @returns since when it does, ms since the epoch. */
function claimed({ world }: Scene, { pod: name }: Member): Promise<number> {
  return vi.waitFor(() => {
    const pod = world.cluster.kubernetes.objects.get('pods', { namespace: 'ns1', name });
    const read = parseFloatingIps(pod.metadata.annotations ?? {});
    const claim = read.ok ? read.floating.find(({ address }) => address === X) : undefined;
    if (claim?.since === undefined) throw new Error(`${name} does not claim it yet`);
    return claim.since;
  }, SOON);
}

/** Which of two addresses that came within a second was the first, an API server's answer does not show. */
function aSecondAfter(since: number): Promise<void> {
  const isRight = since < Date.now() + 60_000;
  const then = (isRight ? since : Date.now()) + 1_000;
  return vi.waitFor(() => expect(Date.now()).toBeGreaterThan(then), SOON);
}

describe('21: the API server refuses what a sidecar publishes', () => {
  test('once: the address is claimed all the same, and not released under the living pod', async () => {
    const scene = await startScene();
    let refusals = 1;
    refusePatches(scene, () => refusals-- > 0);
    await startPod(scene, P1);
    await claimed(scene, P1);
    await scene.look('a');
    await scene.sweep();

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.ec2.changes()).toEqual([`assign ${OWN} to a/eth1`, `assign ${X} to a/eth1`]);
  });

  test('for long: what it assigned itself is claimed once it may, and stays', async () => {
    const scene = await startScene();
    let refuses = true;
    refusePatches(scene, () => refuses);
    await startPod(scene, P1);
    await vi.waitFor(() => expect(scene.ec2.whereIs(X)).toBe('a/eth1'), SOON);
    refuses = false;
    await claimed(scene, P1);
    await scene.sweep();

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    // The sidecar's own; the reconcile adopts it.
    expect(scene.ec2.changes()).toEqual([`assign ${OWN} to a/eth1`, `assign ${X} to a/eth1`]);
  });
});

describe('clocks of nodes that differ', () => {
  const HOUR = 3_600_000;

  test.each([
    ['the active pod’s node is an hour ahead', HOUR, 0],
    ['the standby’s node is an hour behind', 0, -HOUR],
    ['both are wrong', HOUR, -HOUR],
  ])('%s: a standby takes what a hung active pod cannot remove', async (_, active, standby) => {
    const scene = await startScene();
    const p1 = { ...P1, aheadMs: active };
    await startPod(scene, p1);
    const since = await claimed(scene, p1);
    await scene.look('a');
    await aSecondAfter(since);
    const p2 = { pod: 'p2', node: 'b', own: '172.16.1.71', aheadMs: standby };
    await startPod(scene, p2);
    await claimed(scene, p2);
    await scene.look('b');

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
  });

  test('a standby whose clock is ahead does not keep what the other has again', async () => {
    const scene = await startScene();
    const p2 = { pod: 'p2', node: 'b', own: '172.16.1.71', aheadMs: HOUR };
    await startPod(scene, p2);
    const since = await claimed(scene, p2);
    await scene.look('b');
    await aSecondAfter(since);
    await startPod(scene, P1);
    await claimed(scene, P1);
    await scene.look('a');

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
  });
});

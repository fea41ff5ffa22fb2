/** docs/design.md, "Schedules that broke earlier wordings": those of the sidecar. */
import { describe, expect, test, vi } from 'vitest';
import { readEnvironment } from '../../ip-manager/environment.ts';
import { ownPod } from '../../ip-manager/own-pod.ts';
import { FLOATING_IPS } from '../../shared/claims/annotations.ts';
import { systemClock } from '../../shared/clock.ts';
import { podEnvironment } from '../ip-manager/api-server.ts';
import { ipvlan, outsideOf } from '../ip-manager/bed.ts';
import { fakeInterfaces } from '../ip-manager/interfaces.ts';
import { runSidecar, SOON } from '../ip-manager/running-sidecar.ts';
import { type Scene, startScene } from './scene.ts';

/** The pod's own, as Multus writes it. */
const OWN = '172.16.1.70';
/** Comes to the pod's interface while it runs. */
const X = '172.16.1.75';

/** A pod `p1` on `a` that has X, with a sidecar whose patches the API server refuses at will. */
async function startPod(scene: Scene, refuses: () => boolean) {
  const { kubernetes } = scene.world.cluster;
  const patches = (call: { verb: string; resource: string }) =>
    call.verb === 'patch' && call.resource === 'pods';
  kubernetes.faults.failNext(Number.POSITIVE_INFINITY, (call) => patches(call) && refuses(), 403);
  scene.pod('p1', { node: 'a', ips: [OWN] });
  await scene.look('a');
  const worker = scene.worker('a');
  const { command } = await fakeInterfaces(ipvlan(worker, 1, OWN, X));
  const environment = readEnvironment({
    ...(await podEnvironment(kubernetes)),
    POD_NAMESPACE: 'ns1',
    IP_COMMAND: command,
  });
  runSidecar({
    ...outsideOf(scene.world, worker),
    environment,
    ownPod: () => ownPod(environment, { hostname: 'p1', clock: systemClock }),
  });
}

/** Until the pod claims X. */
function claimed({ world }: Scene): Promise<void> {
  return vi.waitFor(() => {
    const pod = world.cluster.kubernetes.objects.get('pods', { namespace: 'ns1', name: 'p1' });
    expect(pod.metadata.annotations?.[FLOATING_IPS]).toContain(X);
  }, SOON);
}

describe('21: the API server refuses what a sidecar publishes', () => {
  test('once: the address is claimed all the same, and not released under the living pod', async () => {
    const scene = await startScene();
    let refusals = 1;
    await startPod(scene, () => refusals-- > 0);
    await claimed(scene);
    await scene.look('a');
    await scene.sweep();

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.ec2.changes()).toEqual([`assign ${OWN} to a/eth1`, `assign ${X} to a/eth1`]);
  });

  test('for long: what it assigned itself is claimed once it may, and stays', async () => {
    const scene = await startScene();
    let refuses = true;
    await startPod(scene, () => refuses);
    await vi.waitFor(() => expect(scene.ec2.whereIs(X)).toBe('a/eth1'), SOON);
    refuses = false;
    await claimed(scene);
    await scene.sweep();

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.ec2.changes()).toEqual([`assign ${OWN} to a/eth1`, `assign ${X} to a/eth1`]);
  });
});

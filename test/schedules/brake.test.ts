/** docs/design.md, "The brake": pods that vanish, and pods that end. */
import { describe, expect, test } from 'vitest';
import { type Scene, startScene } from './scene.ts';
import type { ScenePod } from './scene-pod.ts';

const NODES = ['a', 'b', 'c', 'd', 'e', 'f'];
const PODS_EACH = 8;
const FIRST = 70;

interface Fleet {
  readonly scene: Scene;
  readonly pods: readonly { readonly node: string; readonly pod: ScenePod; readonly ip: string }[];
}

/** Six nodes with a pod of a DaemonSet and eight others each, which have their addresses. */
async function startFleet(): Promise<Fleet> {
  const scene = await startScene({ nodes: NODES, last: 199 });
  const pods = NODES.flatMap((node, n) =>
    Array.from({ length: PODS_EACH }, (_, index) => {
      const ip = `172.16.1.${FIRST + n * PODS_EACH + index}`;
      return { node, ip, pod: scene.pod(`p-${ip}`, { node, ips: [ip] }) };
    }),
  );
  for (const node of NODES) await scene.look(node);
  expect(onEnis(scene, pods)).toBe(NODES.length * PODS_EACH);
  return { scene, pods };
}

function onEnis({ ec2 }: Scene, pods: Fleet['pods']): number {
  return pods.filter(({ ip, node }) => ec2.whereIs(ip) === `${node}/eth1`).length;
}

describe('31: the objects of most pods are gone and the Nodes are not, as nobody saw the pods end', () => {
  test('what they had stays, whoever looks, and new pods get their addresses', async () => {
    const { scene, pods } = await startFleet();
    for (const { pod } of pods) pod.remove();
    for (const node of [...NODES, ...NODES]) await scene.look(node, { reason: 'sweep' });
    expect(onEnis(scene, pods)).toBe(48);

    const fresh = scene.pod('fresh', { node: 'a', ips: ['172.16.1.190'] });
    await scene.look('a');
    expect(fresh.told()).toMatch(/^Assigned: /);
    expect(onEnis(scene, pods)).toBe(48);
    const events = scene.world.cluster.kubernetes.objects.list('events');
    expect(events.map(({ reason }) => reason)).toContain('ReleasesWithheld');
  });

  test('a message of a forwarder that lists anew is no more than that list', async () => {
    const { scene, pods } = await startFleet();
    for (const { pod } of pods) pod.remove();
    for (const { node, pod, ip } of pods) {
      const { pods: named = [], ...message } = pod.gone(ip);
      const inferred = named.map((each) => ({ ...each, inferred: true as const }));
      await scene.look(node, { ...message, pods: inferred });
    }
    expect(onEnis(scene, pods)).toBeGreaterThanOrEqual(48 - 20);
  });

  test('pods of which a watch told that they ended lose their addresses at once', async () => {
    const { scene, pods } = await startFleet();
    for (const { pod } of pods) pod.remove();
    for (const { node, pod, ip } of pods) await scene.look(node, pod.gone(ip));
    for (const { ip } of pods) expect(scene.ec2.whereIs(ip)).toBe('nowhere');
  });

  test('a look for another pod leaves them to the news of their own, and tells nobody', async () => {
    const { scene, pods } = await startFleet();
    for (const { pod } of pods) pod.remove();
    const fresh = scene.pod('fresh', { node: 'a', ips: ['172.16.1.190'] });
    const { pods: [news] = [], ...message } = fresh.gone();
    await scene.look('a', { ...message, pods: news ? [{ ...news, event: 'add' }] : [] });
    expect(fresh.told()).toMatch(/^Assigned: /);
    expect(onEnis(scene, pods)).toBe(48);
    const events = scene.world.cluster.kubernetes.objects.list('events');
    expect(events.map(({ reason }) => reason)).not.toContain('ReleasesWithheld');
  });

  test('but a look for another pod releases what it sees, if the cluster has no mass of it', async () => {
    const { scene, pods } = await startFleet();
    const some = pods.slice(0, 7);
    for (const { pod } of some) pod.remove();
    const fresh = scene.pod('fresh', { node: 'a', ips: ['172.16.1.190'] });
    const { pods: [news] = [], ...message } = fresh.gone();
    await scene.look('a', { ...message, pods: news ? [{ ...news, event: 'add' }] : [] });
    expect(fresh.told()).toMatch(/^Assigned: /);
    for (const { ip } of some) expect(scene.ec2.whereIs(ip)).toBe('nowhere');
  });

  test('a few that nobody saw end are released', async () => {
    const { scene, pods } = await startFleet();
    const few = pods.slice(0, 4);
    for (const { pod } of few) pod.remove();
    await scene.look('a', { reason: 'sweep' });
    for (const { ip } of few) expect(scene.ec2.whereIs(ip)).toBe('nowhere');
  });
});

describe('32: a node has no pod at all, not even one of a DaemonSet', () => {
  test('one look does not release what its pods had; a second one a minute later does', async () => {
    const scene = await startScene({ daemonSet: false });
    const p1 = scene.pod('p1', { node: 'a', ips: ['172.16.1.70'] });
    await scene.look('a');
    p1.remove();
    await scene.look('a');
    await scene.look('a');
    expect(scene.ec2.whereIs('172.16.1.70')).toBe('a/eth1');
    scene.clock.advance(60_000);
    await scene.look('a');
    expect(scene.ec2.whereIs('172.16.1.70')).toBe('nowhere');
  });
});

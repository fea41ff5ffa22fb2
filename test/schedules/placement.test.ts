/** docs/design.md, "Schedules that broke earlier wordings": claims whose ENI changes while they are held. */
import { describe, expect, test } from 'vitest';
import { networkFromObject } from '../../shared/cluster/networks.ts';
import { type Scene, startScene } from './scene.ts';
import type { ScenePod } from './scene-pod.ts';

const X = '172.16.1.70';
const V6 = '2600:1f18:1111:1::70';
const MANAGED = 'node.k8s.amazonaws.com/no_manage';
const SINCE = '2026-01-01T00:00:00Z';

const definition = { namespace: 'default', name: 'net-1' };

/** Edits the NetworkAttachmentDefinition; what is not named stays. */
function edit(scene: Scene, changes: Readonly<Record<string, unknown>>): void {
  const { objects } = scene.world.cluster.kubernetes;
  const { config } = networkFromObject(objects.get('network-attachment-definitions', definition));
  const spec = { config: JSON.stringify({ ...JSON.parse(`${config}`), ...changes }) };
  objects.patch('network-attachment-definitions', definition, { spec });
}

/** The ENI at a device index of a worker; 1 is eth1. */
function eniOf(scene: Scene, node: string, index: number): { id: string; mac: string } {
  const eni = scene.worker(node).enis[index];
  if (eni === undefined) throw new Error(`${node} has no eth${index}`);
  return eni;
}

interface Case {
  readonly what: string;
  /** A pod of `a` that gets its addresses on eth1. */
  readonly start: (scene: Scene) => ScenePod;
  /** From then on its claims fit no ENI. */
  readonly change: (scene: Scene, pod: ScenePod) => void;
  readonly told: string;
  /** Whether eth2 is in another subnet than eth1. */
  readonly apart?: boolean;
}

const start = (scene: Scene): ScenePod => scene.pod('p1', { node: 'a', ips: [X, V6] });

const CASES: readonly Case[] = [
  {
    what: 'its network is unplugged, and its floating addresses stay',
    start: (scene) => {
      const floating = [X, V6].map((ip) => ({ ip, since: SINCE }));
      const { mac } = eniOf(scene, 'a', 1);
      return scene.pod('p1', { node: 'a', ips: ['172.16.1.71'], mac, floating });
    },
    change: (_, pod) => pod.claim({ floating: [X, V6].map((ip) => ({ ip, since: SINCE })) }),
    told: 'EniAmbiguous',
  },
  {
    what: 'its NetworkAttachmentDefinition names no device any more',
    start,
    change: (scene) => edit(scene, { master: undefined }),
    told: 'EniAmbiguous',
  },
  {
    what: 'its NetworkAttachmentDefinition names the device of another subnet',
    start,
    change: (scene) => edit(scene, { master: 'eth2' }),
    told: 'OutsideSubnet',
    apart: true,
  },
  {
    what: 'its ENI loses the managed tag',
    start,
    change: (scene) => scene.world.ec2.tagEni(eniOf(scene, 'a', 1).id, { [MANAGED]: undefined }),
    told: 'EniUntagged',
  },
];

/** Every node has eth1, in the subnet of X, and eth2, in the same one unless they are `apart`. */
async function startPlacement(apart = false): Promise<Scene> {
  const scene = await startScene({ enis: apart ? 1 : 2 });
  const { cluster, ec2, subnets } = scene.world;
  for (const { instanceId } of apart ? cluster.workers() : []) {
    const eniId = ec2.addEni({ subnetId: subnets.multus2, tags: { [MANAGED]: 'true' } });
    ec2.attachEni(eniId, instanceId, 2);
  }
  return scene;
}

describe('18: the claims of a live pod fit no ENI any more', () => {
  describe.each(CASES)('since $what', ({ start, change, told, apart }) => {
    async function holding() {
      const scene = await startPlacement(apart);
      const p1 = start(scene);
      await scene.look('a');
      expect(scene.ec2.whereIs(X)).toBe('a/eth1');
      change(scene, p1);
      return { scene, p1 };
    }

    test('it keeps them, and is told the problem beside what it has', async () => {
      const { scene, p1 } = await holding();
      for (const _ of ['once', 'and again']) {
        await scene.look('a');
        expect(p1.told()).toMatch(new RegExp(`^${told}: assigned: .*${X} on eni-`));
        expect(p1.told()).toMatch(new RegExp(`${V6} on eni-.*; `));
      }
      await scene.expectSettled();
      expect(scene.ec2.whereIs(X)).toBe('a/eth1');
      expect(scene.ec2.whereIs(V6)).toBe('a/eth1');
    });

    test('no pod of another namespace gets them on another node', async () => {
      const { scene } = await holding();
      const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X, V6] });
      p2.claim({ ips: [X, V6], mac: eniOf(scene, 'b', 1).mac });
      await scene.look('b');
      await scene.look('a');
      await scene.look('b');
      await scene.expectSettled();

      expect(scene.ec2.whereIs(X)).toBe('a/eth1');
      expect(scene.ec2.whereIs(V6)).toBe('a/eth1');
      expect(p2.told()).toMatch(/^(Conflict|HeldElsewhere): assigned: none/);
    });

    test('nor on the same node', async () => {
      const { scene } = await holding();
      const { mac } = eniOf(scene, 'a', apart ? 1 : 2);
      const p2 = scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [X, V6], mac });
      await scene.look('a');
      await scene.look('a');
      await scene.expectSettled();

      expect(scene.ec2.whereIs(X)).toBe('a/eth1');
      expect(scene.ec2.whereIs(V6)).toBe('a/eth1');
      expect(p2.told()).toMatch(/^Conflict: assigned: none; .* ns1\/p1 on node a/);
    });

    test('nor while it terminates', async () => {
      const { scene, p1 } = await holding();
      p1.terminate();
      const { mac } = eniOf(scene, 'a', apart ? 1 : 2);
      scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [X, V6], mac });
      scene.pod('p3', { node: 'b', namespace: 'ns2', ips: [X], mac: eniOf(scene, 'b', 1).mac });
      await scene.look('a');
      await scene.look('b');
      await scene.expectSettled();

      expect(scene.ec2.whereIs(X)).toBe('a/eth1');
      expect(scene.ec2.whereIs(V6)).toBe('a/eth1');
    });
  });

  test('a second ENI that comes into the subnet takes nothing from it', async () => {
    const scene = await startScene();
    edit(scene, { master: undefined });
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const { ec2, subnets } = scene.world;
    const eniId = ec2.addEni({ subnetId: subnets.multus1, tags: { [MANAGED]: 'true' } });
    ec2.attachEni(eniId, scene.worker('a').instanceId, 2);
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await scene.look('b');

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    await scene.look('a');
    expect(p1.told()).toMatch(new RegExp(`^EniAmbiguous: assigned: ${X} on eni-`));
  });

  test('within its namespace a newer floating claim still gets a floating address', async () => {
    const [unplugged] = CASES;
    const scene = await startPlacement();
    const p1 = unplugged?.start(scene);
    await scene.look('a');
    if (p1) unplugged?.change(scene, p1);
    const { mac } = eniOf(scene, 'b', 1);
    const floating = [{ ip: X, since: '2026-01-02T00:00:00Z' }];
    const p2 = scene.pod('p2', { node: 'b', ips: ['172.16.1.72'], mac, floating });
    await scene.look('b');

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
  });

  test('a pod that claims it no longer holds nothing, whatever its condition says', async () => {
    const scene = await startPlacement();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    p1.claim({ ips: ['172.16.1.73'] });
    const { mac } = eniOf(scene, 'b', 1);
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X], mac });
    await scene.look('b');

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('who loses an address is told so before who gets it, so that no two hold it', async () => {
    const scene = await startScene({ enis: 2 });
    const floating = (since: string) => [{ ip: X, since }];
    const on = (index: number) => ({ node: 'a', mac: eniOf(scene, 'a', index).mac });
    const older = scene.pod('z', { ...on(1), ips: ['172.16.1.71'], floating: floating(SINCE) });
    await scene.look('a');
    const since = '2026-01-02T00:00:00Z';
    const newer = scene.pod('a', { ...on(2), ips: ['172.16.1.72'], floating: floating(since) });
    await scene.look('a');

    expect(newer.told()).toMatch(new RegExp(`^Assigned: .*${X} on `));
    expect(older.told()).toMatch(/^Conflict: /);
    const { objects } = scene.world.cluster.kubernetes;
    const changedAt = (name: string): number =>
      Number(objects.get('pods', { namespace: 'ns1', name }).metadata.resourceVersion);
    expect(changedAt('z')).toBeLessThan(changedAt('a'));
  });
});

describe('40: a definition names another device of the same subnet while its pods run', () => {
  test('a live pod keeps its addresses, the floating ones too', async () => {
    const scene = await startPlacement();
    const floating = [{ ip: '172.16.1.71', since: SINCE }];
    const p1 = scene.pod('p1', { node: 'a', ips: [X, V6], floating });
    await scene.look('a');
    const told = p1.told();
    const before = scene.ec2.attempts().length;
    edit(scene, { master: 'eth2' });
    for (const _ of ['once', 'and again']) await scene.look('a');

    for (const ip of [X, V6, '172.16.1.71']) expect(scene.ec2.whereIs(ip)).toBe('a/eth1');
    expect(scene.ec2.attempts().slice(before)).toEqual([]);
    expect(p1.told()).toBe(told);
    await scene.expectSettled();
  });

  test('a new pod gets its own on the other device', async () => {
    const scene = await startPlacement();
    scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    edit(scene, { master: 'eth2' });
    const p2 = scene.pod('p2', { node: 'a', ips: ['172.16.1.72'] });
    await scene.look('a');

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.ec2.whereIs('172.16.1.72')).toBe('a/eth2');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('an address moves if the MAC says that the interface was made anew', async () => {
    const scene = await startPlacement();
    const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eniOf(scene, 'a', 1).mac });
    await scene.look('a');
    edit(scene, { master: 'eth2' });
    await scene.look('a');
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    p1.claim({ ips: [X], mac: eniOf(scene, 'a', 2).mac });
    await scene.look('a');

    expect(scene.ec2.whereIs(X)).toBe('a/eth2');
    expect(p1.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });
});

/**
 * docs/design.md, "Schedules that broke earlier wordings": those of an address that a dead node left
 * behind, in a cluster with nodes outside EC2.
 */
import { describe, expect, test } from 'vitest';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const FARGATE = 'aws:///us-east-1a/0a1b2c3d-0a1b2c3d4e5f/fargate-ip-172-16-0-99.ec2.internal';
const HYBRID = 'eks-hybrid:///us-east-1/demo/mi-0123456789abcdef0';

/** A had X for a pod of ns1 that is gone, and its Node is gone with it; its ENI lives on. */
async function startDead(): Promise<Scene> {
  const scene = await startScene();
  const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
  await scene.look('a');
  p1.remove();
  scene.removeNode('a');
  return scene;
}

function registerOutside({ world }: Scene, name: string, providerID: string): void {
  world.cluster.kubernetes.objects.create('nodes', { metadata: { name }, spec: { providerID } });
}

describe('25: a node is dead, and the cluster has many nodes that are no EC2 instances', () => {
  test('they are not asked about, and the Nodes are listed once', async () => {
    const scene = await startDead();
    for (let index = 0; index < 20; index += 1) {
      registerOutside(scene, `fargate-${index}`, FARGATE);
      scene.pod(`other-${index}`, { node: `fargate-${index}` });
    }
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    expect(await b.finish()).toEqual({ batchItemFailures: [] });

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(b.calls.filter((call) => call === 'listNodes')).toHaveLength(1);
    // B's own, those of the whole cluster, and B's own again.
    expect(b.calls.filter((call) => call === 'listPods')).toHaveLength(3);
    await scene.expectSettled();
  });

  test.each([
    ['Fargate', FARGATE],
    ['a hybrid node', HYBRID],
  ])('a pod on %s that claims the address does not hold it', async (_, providerID) => {
    const scene = await startDead();
    registerOutside(scene, 'outside', providerID);
    scene.pod('p3', { node: 'outside', namespace: 'ns3', ips: [X] });
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await scene.look('b');

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('nor does the sweep take it for the holder', async () => {
    const scene = await startDead();
    registerOutside(scene, 'outside', FARGATE);
    scene.pod('p3', { node: 'outside', namespace: 'ns3', ips: [X] });
    scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await scene.sweep();

    expect(scene.queued()).toEqual(['b sweep']);
    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
  });

  test('a pod on a Node that shares its instance with another one does', async () => {
    const scene = await startDead();
    scene.register('c-renamed', scene.worker('c').instanceId);
    scene.pod('p3', { node: 'c-renamed', namespace: 'ns3', ips: [X] });
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await scene.look('b');

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Conflict: .* ns3\/p3 on node c-renamed/);
  });

  test('a node that comes back under the ENI keeps what its pods claim', async () => {
    const scene = await startDead();
    const { instanceId } = scene.worker('a');
    scene.pod('p3', { node: 'a', namespace: 'ns3', ips: [X] });
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    await b.until('listNodes');
    await b.until('listPods');
    await b.until('listPods');
    // The list of Nodes says that nobody names the instance; the Node itself does by now.
    scene.register('a', instanceId);
    expect(await b.finish()).toEqual({ batchItemFailures: [] });

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Conflict: .* ns3\/p3 on node a/);
  });

  test('what a pod of a node that may come back claims is what it claims within the second', async () => {
    const scene = await startDead();
    const p3 = scene.pod('p3', { node: 'a', namespace: 'ns3', ips: [X] });
    scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    await b.until('listNodes');
    await b.until('listPods');
    await b.until('listPods');
    // It has let go of X by the time it is asked for by itself.
    p3.claim({});
    scene.clock.advance(5_000);
    expect(await b.finish()).toEqual({ batchItemFailures: [] });

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    await scene.expectSettled();
  });
});

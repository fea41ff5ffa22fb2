/** docs/design.md, "Schedules that broke earlier wordings": those of ENIs that go from node to node. */
import { describe, expect, test } from 'vitest';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const FAILED = { batchItemFailures: [{ itemIdentifier: expect.any(String) }] };

/**
 * A's eth1 had X for P1, which is gone. The ENI was attached to B since; there P2 has X. Then P3
 * claimed X at A, and P4 at C: the environments of both nodes have seen where the ENI is.
 */
async function startMoved() {
  const scene = await startScene({ enis: 2 });
  const { ec2 } = scene.world;
  const [, eni, other] = scene.worker('a').enis;
  const eniId = eni?.id ?? '';
  const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X], mac: eni?.mac });
  await scene.look('a');
  p1.remove();
  scene.clock.advance(10_000);
  const before = scene.clock.now();
  scene.clock.advance(10_000);
  const { enis, instanceId } = scene.worker('b');
  ec2.detachEni(enis[2]?.id ?? '');
  ec2.detachEni(eniId);
  ec2.attachEni(eniId, instanceId, 2);
  const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X], mac: eni?.mac });
  await scene.look('b');
  expect(p2.told()).toMatch(/^Assigned: /);
  const p3 = scene.pod('p3', { node: 'a', namespace: 'ns3', ips: [X], mac: other?.mac });
  const p4 = scene.pod('p4', {
    node: 'c',
    namespace: 'ns4',
    ips: [X],
    mac: scene.worker('c').enis[1]?.mac,
  });
  for (const node of ['a', 'c']) await scene.look(node);
  for (const pod of [p3, p4]) expect(pod.told()).toMatch(/^Conflict: .* ns2\/p2 on node b/);
  scene.clock.advance(10_000);
  return { scene, eniId, before, p2, p3, p4 };
}

/** EC2 shows what was so at a time. */
function showAsOf({ world, clock }: Scene, at: number): void {
  world.ec2.setStaleness({ kind: 'time', ms: clock.now() - at });
}

describe('23: an ENI went to another node, and EC2 shows it where it was', () => {
  test('what it has there is not released as a leftover of the node that it was of', async () => {
    const { scene, eniId, before, p2, p3 } = await startMoved();
    p3.remove();
    showAsOf(scene, before);
    expect(await scene.reconcile('a').finish()).toEqual(FAILED);

    expect(scene.world.ec2.holderOf(X)?.eniId).toBe(eniId);
    await scene.expectSettled();
    expect(scene.world.ec2.holderOf(X)?.eniId).toBe(eniId);
    expect(p2.told()).toMatch(/^Assigned: /);
  });

  test('what it has there is not taken over as a leftover of the node that it was of', async () => {
    const { scene, eniId, before, p2, p3, p4 } = await startMoved();
    p3.remove();
    showAsOf(scene, before);
    expect(await scene.reconcile('c').finish()).toEqual(FAILED);

    expect(scene.world.ec2.holderOf(X)?.eniId).toBe(eniId);
    await scene.expectSettled();
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(p4.told()).toMatch(/^Conflict: .* ns2\/p2 on node b/);
  });

  test('nor moved to another ENI of the node that it was of', async () => {
    const { scene, eniId, before, p2, p3 } = await startMoved();
    showAsOf(scene, before);
    expect(await scene.reconcile('a').finish()).toEqual(FAILED);

    expect(scene.world.ec2.holderOf(X)?.eniId).toBe(eniId);
    await scene.expectSettled();
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(p3.told()).toMatch(/^Conflict: .* ns2\/p2 on node b/);
  });

  test('an address that was released there before is released all the same', async () => {
    const { scene, eniId, p2, p3, p4 } = await startMoved();
    for (const pod of [p2, p3, p4]) pod.remove();
    await scene.look('b');

    expect(scene.world.ec2.eni(eniId).secondary).toEqual([]);
    await scene.expectSettled();
  });
});

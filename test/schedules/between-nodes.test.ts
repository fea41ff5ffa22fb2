/** docs/design.md, "Schedules that broke earlier wordings": those of several nodes' reconciles. */
import { describe, expect, test } from 'vitest';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const EARLIER = '2026-01-01T00:00:00Z';
const LATER = '2026-01-02T00:00:00Z';

/** A pod of `a` that claimed X is gone, and what it had is left on the ENI. */
async function leaveX(scene: Scene, on = 'a'): Promise<void> {
  const gone = scene.pod('gone', { node: on, ips: [X] });
  await scene.look(on);
  gone.remove();
}

describe('1: two claimants of a leftover both look at the ENI that has it', () => {
  test('the slower one does not take it from the faster one', async () => {
    const scene = await startScene();
    await leaveX(scene);
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns1', ips: [X] });
    const p3 = scene.pod('p3', { node: 'c', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    const c = scene.reconcile('c');
    for (const each of [b, c]) {
      await each.until('listNodes');
      // The last that it asks of A before it decides.
      await each.until('listNetworkAttachmentDefinitions');
    }
    await b.finish();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    await c.finish();

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(scene.ec2.changes().slice(1)).toEqual([
      `unassign ${X} from a/eth1`,
      `assign ${X} to b/eth1`,
    ]);
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(p3.told()).toMatch(/^Conflict: .* ns1\/p2 on node b/);
  });
});

describe('2: a terminating pod acquires nothing', () => {
  test('with a newer floating claim, it leaves the address to the live holder', async () => {
    const scene = await startScene();
    scene.pod('p1', { node: 'a', floating: [{ ip: X, since: EARLIER }] });
    await scene.look('a');
    scene.pod('p2', { node: 'b', floating: [{ ip: X, since: LATER }] }).terminate();
    await scene.look('b');

    await scene.expectSettled();
    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
  });

  test('it leaves the address to a holder that is terminating itself', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', floating: [{ ip: X, since: EARLIER }] });
    await scene.look('a');
    p1.terminate();
    scene.pod('p2', { node: 'b', floating: [{ ip: X, since: LATER }] }).terminate();
    await scene.look('b');

    await scene.expectSettled();
    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
  });
});

describe('10: the Node object is removed while the instance lives on', () => {
  test('its ENI does not keep what no pod claims there', async () => {
    const scene = await startScene();
    await leaveX(scene);
    scene.removeNode('a');
    const p2 = scene.pod('p2', { node: 'b', ips: [X] });
    await scene.look('b');

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
  });

  test('an ENI that is not tagged for the cluster is left alone', async () => {
    const scene = await startScene();
    await leaveX(scene);
    scene.removeNode('a');
    const [, eth1] = scene.worker('a').enis;
    scene.world.ec2.tagEni(eth1?.id ?? '', { 'kubernetes.io/cluster/demo': undefined });
    const p2 = scene.pod('p2', { node: 'b', ips: [X] });
    await scene.look('b');

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^HeldElsewhere: /);
  });
});

describe('13: the Node object is removed, and a live pod of it is still listed', () => {
  test('the pod counts as the holder, and has its address when the Node registers again', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    scene.removeNode('a');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await scene.look('b');
    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    scene.register('a', scene.worker('a').instanceId);
    await scene.look('a');

    await scene.expectSettled();
    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
    expect(p1.told()).toMatch(/^Assigned: /);
  });

  test('also if the Node goes while its pods are asked for', async () => {
    const scene = await startScene();
    scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    await b.until('listNodes');
    await b.until('getNode');
    scene.removeNode('a');
    await b.finish();

    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
  });

  test('also if the Node registers again while its pods are asked for', async () => {
    const scene = await startScene();
    scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    scene.removeNode('a');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    await b.until('listNodes');
    // B's own pods, whose claims may have changed, and then those of nodes that do not exist.
    await b.until('listPods');
    await b.until('listPods');
    scene.register('a', scene.worker('a').instanceId);
    await b.finish();

    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
  });

  test('also if the Node is there again and does not name its instance yet', async () => {
    const scene = await startScene();
    scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    scene.removeNode('a');
    scene.register('a');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await scene.look('b');

    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
  });
});

/** B's newer floating claim takes X from A; C assigns it in the gap, and keeps it. */
async function assignInTheGap(scene: Scene) {
  const p1 = scene.pod('p1', { node: 'a', floating: [{ ip: X, since: EARLIER }] });
  await scene.look('a');
  const p2 = scene.pod('p2', { node: 'b', floating: [{ ip: X, since: LATER }] });
  const p3 = scene.pod('p3', { node: 'c', namespace: 'ns2', ips: [X] });
  const b = scene.reconcile('b');
  await b.until('UnassignPrivateIpAddresses');
  await b.until('AssignPrivateIpAddresses');
  await scene.look('c');
  return { b, p1, p2, p3 };
}

describe('14: a third node assigns the address between a take-over’s two calls', () => {
  test('the node that had it is told, although the take-over failed', async () => {
    const scene = await startScene();
    const { b, p1, p2, p3 } = await assignInTheGap(scene);
    await b.finish();
    expect(p1.told()).toMatch(/^Assigned: /);
    expect(scene.queued()).toEqual(['a moved']);

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('c/eth1');
    expect(p1.told()).toMatch(/^Conflict: .* ns2\/p3 on node c/);
    expect(p2.told()).toMatch(/^Conflict: .* ns2\/p3 on node c/);
    expect(p3.told()).toMatch(/^Assigned: /);
  });

  test('if the taker dies before it can tell, the sweep sees what the pod was told', async () => {
    const scene = await startScene();
    const { b, p1 } = await assignInTheGap(scene);
    b.kill();
    await scene.look('b', {}, 2);
    expect(p1.told()).toMatch(/^Assigned: /);
    expect(scene.queued()).toEqual([]);
    scene.settle();
    await scene.sweep();
    expect(scene.queued()).toEqual(['a sweep']);

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('c/eth1');
    expect(p1.told()).toMatch(/^Conflict: .* ns2\/p3 on node c/);
  });
});

describe('16: the holder is who speaks for the address on its ENI', () => {
  test('a pod of the same node that claims it for another ENI does not stand in the way', async () => {
    const scene = await startScene({ enis: 2 });
    const [, eth1, eth2] = scene.worker('a').enis;
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X], mac: eth1?.mac });
    await scene.look('a');
    p1.terminate();
    scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [X], mac: eth2?.mac });
    const p3 = scene.pod('p3', { node: 'b', namespace: 'ns1', ips: [X] });
    await scene.look('b');

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p3.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
  });
});

describe('17: a take-over unassigns the address and cannot assign it', () => {
  test('the node that had it is told, and assigns it again whatever its read shows', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', floating: [{ ip: X, since: EARLIER }] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', floating: [{ ip: X, since: LATER }] });
    const b = scene.reconcile('b');
    await b.until('UnassignPrivateIpAddresses');
    // B's read shows room on its ENI, and there is none any more.
    const nine = Array.from({ length: 9 }, (_, index) => `172.16.1.${100 + index}`);
    await scene.ec2.assignByHand(scene.worker('b').enis[1]?.id ?? '', ...nine);
    await b.finish();
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    expect(p2.told()).toMatch(/^EniFull: /);

    // A's next read shows what was there before the take-over.
    scene.world.ec2.setStaleness({ kind: 'versions', back: 2 });
    await scene.deliver();
    scene.world.ec2.setStaleness({ kind: 'none' });
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    await scene.expectSettled();
    expect(p1.told()).toMatch(/^Assigned: /);
  });
});

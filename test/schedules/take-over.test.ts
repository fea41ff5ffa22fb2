/** What else can come between the calls of a take-over. */
import { describe, expect, test } from 'vitest';
import { NODE_DEADLINE_MS } from './environments.ts';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const EARLIER = '2026-01-01T00:00:00Z';
const LATER = '2026-01-02T00:00:00Z';

/** P1 at A has X; P2 at B claims it as floating and later. */
async function contest(scene: Scene) {
  const p1 = scene.pod('p1', { node: 'a', floating: [{ ip: X, since: EARLIER }] });
  await scene.look('a');
  const p2 = scene.pod('p2', { node: 'b', floating: [{ ip: X, since: LATER }] });
  return { p1, p2 };
}

const FAILED = { batchItemFailures: [{ itemIdentifier: expect.any(String) }] };

describe('a take-over of which the answer to the unassign is lost', () => {
  test('tells the node that had the address, and is done by the retry', async () => {
    const scene = await startScene();
    const { p1, p2 } = await contest(scene);
    const effect = { kind: 'lost-response' } as const;
    scene.world.ec2.faults.add({ action: 'UnassignPrivateIpAddresses', effect });
    expect(await scene.reconcile('b').finish()).toEqual(FAILED);
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    expect(scene.queued()).toEqual(['a moved']);
    // The live pod that lost it has it back until the retry.
    await scene.deliver();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    await scene.look('b', {}, 2);

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p1.told()).toMatch(/^Conflict: .* ns1\/p2 on node b/);
    expect(p2.told()).toMatch(/^Assigned: /);
  });
});

describe('67: B took X from A, could not write that into A’s ledger, and then let go of it', () => {
  test('A’s pod has X again when it is told so', async () => {
    const scene = await startScene();
    const { p1, p2 } = await contest(scene);
    await scene.look('b');
    expect(scene.queued()).toEqual(['a moved']);
    p2.remove();
    await scene.look('b');
    scene.record('a', [X], {
      state: 'assigned',
      at: scene.clock.now() - 1_000,
      pod: { namespace: 'ns1', name: 'p1', uid: p1.uid },
    });
    await scene.deliver();

    expect(p1.told()).toMatch(/^Assigned: /);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    await scene.expectSettled();
  });
});

describe('a take-over that is out of time between its calls', () => {
  test('tells the node that had the address before its own message is tried again', async () => {
    const scene = await startScene();
    const { p1 } = await contest(scene);
    const b = scene.reconcile('b');
    await b.until('UnassignPrivateIpAddresses');
    await b.until('AssignPrivateIpAddresses');
    scene.clock.advance(NODE_DEADLINE_MS);
    await b.until('SendMessageBatch');
    // The one with which it began; another would be the back-off.
    expect(b.calls.filter((call) => call === 'ChangeMessageVisibilityBatch')).toHaveLength(1);
    expect(await b.finish()).toEqual(FAILED);
    expect(scene.queued()).toEqual(['a moved']);
    await scene.look('b', {}, 2);

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p1.told()).toMatch(/^Conflict: .* ns1\/p2 on node b/);
  });
});

describe('a take-over while the assign on another ENI fails', () => {
  test('is over before the reconcile is, and tells the node that had the address', async () => {
    const scene = await startScene({ enis: 2 });
    const [, eth1, eth2] = scene.worker('b').enis;
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    p1.terminate();
    scene.pod('p2', { node: 'b', ips: [X], mac: eth1?.mac });
    scene.pod('p3', { node: 'b', ips: [Y], mac: eth2?.mac });
    scene.world.ec2.faults.add({
      action: 'AssignPrivateIpAddresses',
      when: ({ params }) => params.NetworkInterfaceId === eth2?.id,
      effect: { kind: 'error', code: 'UnauthorizedOperation', status: 403 },
    });
    const b = scene.reconcile('b');
    await b.until('UnassignPrivateIpAddresses');
    expect(b.ended()).toBe(false);
    expect(await b.finish()).toEqual(FAILED);
    expect(scene.queued()).toEqual(['a moved']);
    await scene.look('b', {}, 2);

    await scene.expectSettled();
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(scene.ec2.whereIs(Y)).toBe('b/eth2');
  });
});

describe('a take-over for a pod that is gone by then', () => {
  test('takes nothing from the live holder', async () => {
    const scene = await startScene();
    const { p1, p2 } = await contest(scene);
    const b = scene.reconcile('b');
    await b.until('listNodes');
    p2.remove();
    scene.clock.advance(5_000);
    await b.finish();

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    await scene.expectSettled();
    expect(p1.told()).toMatch(/^Assigned: /);
    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
  });
});

describe('a take-over that is delayed after it has asked for the holder’s pods', () => {
  test('asks again, and takes nothing from a pod that has come since', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    p1.remove();
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    await b.until('listNodes');
    // A's pods, and then its own.
    await b.until('listPods');
    await b.until('listPods');
    const p3 = scene.pod('p3', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    scene.clock.advance(1_100);
    await b.finish();

    // P3 got what P1 had left, without a call.
    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p3 on node a/);
    await scene.expectSettled();
    expect(p3.told()).toMatch(/^Assigned: /);
  });
});

describe('a message that an address was taken', () => {
  test('tells the truth to its pod although EC2 still shows it where it was', async () => {
    const scene = await startScene();
    const { p1 } = await contest(scene);
    scene.clock.advance(1_000);
    await scene.look('b');
    expect(scene.queued()).toEqual(['a moved']);
    scene.world.ec2.setStaleness({ kind: 'time', ms: 300 });
    await scene.deliver();

    expect(p1.told()).toMatch(/^Conflict: .* ns1\/p2 on node b/);
    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    await scene.expectSettled();
  });
});

describe('a holder ENI that is attached elsewhere while its node is asked', () => {
  test('is looked up again, and the pod that speaks for the address there keeps it', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    p1.remove();
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    const b = scene.reconcile('b');
    await b.until('listNodes');
    const [, eni] = scene.worker('a').enis;
    scene.world.ec2.detachEni(eni?.id ?? '');
    scene.world.ec2.attachEni(eni?.id ?? '', scene.worker('c').instanceId, 2);
    scene.pod('p3', { node: 'c', namespace: 'ns1', ips: [X], mac: eni?.mac });
    await b.finish();

    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p3 on node c/);
    await scene.look('c');
    await scene.expectSettled();
  });
});

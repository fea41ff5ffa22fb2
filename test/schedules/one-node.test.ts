/** docs/design.md, "Schedules that broke earlier wordings": those of one node's reconciles. */
import { describe, expect, test } from 'vitest';
import { startScene } from './scene.ts';

const X = '172.16.1.70';
/** In no range of the network. */
const OUTSIDE = '172.16.1.200';
const SETTLES_AFTER = { kind: 'time', ms: 500 } as const;

describe('3: two ENIs in one subnet, and a claimant on each', () => {
  test('the address stays where it is', async () => {
    const scene = await startScene({ enis: 2 });
    const [, eth1, eth2] = scene.worker('a').enis;
    const older = scene.pod('p2', { node: 'a', ips: [], mac: eth2?.mac });
    scene.clock.advance(1_000);
    const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eth1?.mac });
    await scene.look('a');
    older.claim({ ips: [X], mac: eth2?.mac });
    await scene.look('a');

    await scene.expectSettled();
    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
    expect(p1.told()).toMatch(/^Assigned: /);
    expect(older.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
  });
});

describe('4: an address is released while a new pod of the node claims it', () => {
  test('the next reconcile does not read the state from before the release', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    p1.remove();
    scene.clock.advance(900);
    const releasing = scene.reconcile('a', p1.gone(X));
    await releasing.until('UnassignPrivateIpAddresses');
    const p2 = scene.pod('p2', { node: 'a', ips: [X] });
    scene.world.ec2.setStaleness(SETTLES_AFTER);
    expect(await releasing.finish()).toEqual({ batchItemFailures: [] });
    await scene.look('a');

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('a reconcile that dies after the release leaves a tombstone, so that what is read as kept is assigned', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    p1.remove();
    scene.clock.advance(900);
    const dying = scene.reconcile('a', p1.gone(X));
    await dying.until('UnassignPrivateIpAddresses');
    await dying.until('writeLedger');
    dying.kill();
    expect(scene.entry('a', X)).toBe('releasing p1');
    scene.pod('p2', { node: 'a', ips: [X] });
    scene.world.ec2.setStaleness(SETTLES_AFTER);
    await scene.look('a', p1.gone(X));

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.entry('a', X)).toBe('assigned p2');
    await scene.expectSettled();
  });

  test('a reconcile that starts over after a release assigns what it reads as kept', async () => {
    const scene = await startScene();
    const v6 = '2600:1f18:1111:1::70';
    const p1 = scene.pod('p1', { node: 'a', ips: [X, v6] });
    await scene.look('a');
    p1.remove();
    scene.clock.advance(900);
    const a = scene.reconcile('a', p1.gone(X, v6));
    await a.until('UnassignPrivateIpAddresses');
    scene.pod('p2', { node: 'a', ips: [X] });
    // The pod list is too old for the second call by then.
    scene.clock.advance(1_100);
    scene.world.ec2.setStaleness({ kind: 'time', ms: 2_000 });
    expect(await a.finish()).toEqual({ batchItemFailures: [] });

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.ec2.whereIs(v6)).toBe('nowhere');
  });

  test('one that starts over before it released anything assigns nothing', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    scene.pod('p2', { node: 'a', ips: ['172.16.1.71'] });
    await scene.look('a');
    const before = scene.ec2.attempts().length;
    p1.remove();
    const a = scene.reconcile('a', p1.gone(X));
    await a.until('listNodes');
    // The pod list is too old for any release by then.
    scene.clock.advance(1_100);
    expect(await a.finish()).toEqual({ batchItemFailures: [] });

    expect(a.calls.filter((call) => call === 'listPods')).toHaveLength(2);
    expect(scene.ec2.attempts().slice(before)).toEqual([`unassign ${X} from a/eth1`]);
  });
});

describe('a second Node that names the instance', () => {
  test('keeps what its pods claim, also if a message names it and the read does not show it', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [OUTSIDE] });
    scene.clock.advance(900);
    await scene.look('a');
    p1.remove();
    scene.register('a-renamed', scene.worker('a').instanceId);
    scene.pod('p2', { node: 'a-renamed', ips: [OUTSIDE] });
    scene.world.ec2.setStaleness(SETTLES_AFTER);
    await scene.look('a', p1.gone(OUTSIDE));

    expect(scene.ec2.changes()).toEqual([`assign ${OUTSIDE} to a/eth1`]);
  });
});

describe('11: a replacement on a full ENI', () => {
  test('gets the room of the pod that it replaces at once', async () => {
    const scene = await startScene();
    const nine = Array.from({ length: 9 }, (_, index) => `172.16.1.${70 + index}`);
    const [first, ...others] = nine.map((ip) => scene.pod(`p-${ip}`, { node: 'a', ips: [ip] }));
    await scene.look('a');
    first?.remove();
    const replacement = scene.pod('p10', { node: 'a', ips: ['172.16.1.80'] });
    await scene.look('a');

    expect(scene.ec2.whereIs('172.16.1.80')).toBe('a/eth1');
    for (const pod of [...others, replacement]) expect(pod.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });
});

describe('12: a node name is reused by a new instance', () => {
  test('an environment that knows the old one touches nothing of it', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const [oldA, oldB] = [scene.worker('a').instanceId, scene.worker('b').instanceId];
    p1.remove();
    // B's instance registers as `a`, and A's as `b`, with a pod whose address it has had before.
    for (const node of ['a', 'b']) scene.removeNode(node);
    scene.register('a', oldB);
    scene.register('b', oldA);
    const moved = scene.pod('p2', { node: 'b', ips: [X] });
    const fresh = scene.pod('p3', { node: 'a', ips: ['172.16.1.71'] });
    await scene.look('a', { instanceId: oldA });

    // The worker that was called `a` is still called so here.
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.ec2.whereIs('172.16.1.71')).toBe('b/eth1');
    expect(fresh.told()).toMatch(/^Assigned: /);
    await scene.look('b');
    await scene.expectSettled();
    expect(moved.told()).toMatch(/^Assigned: /);
    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`, `assign 172.16.1.71 to b/eth1`]);
  });

  test('also if the name changes hands between the reads', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const [oldA, oldB] = [scene.worker('a').instanceId, scene.worker('b').instanceId];
    const a = scene.reconcile('a');
    await a.until('getNode');
    p1.remove();
    for (const node of ['a', 'b']) scene.removeNode(node);
    scene.register('a', oldB);
    scene.register('b', oldA);
    scene.pod('p2', { node: 'b', ips: [X] });
    expect(await a.finish()).toEqual({ batchItemFailures: [] });

    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
  });
});

describe('15: several pods of one node claim one address', () => {
  test('the oldest is terminating and does not have it: the next one gets it', async () => {
    const scene = await startScene();
    scene.pod('p1', { node: 'a', ips: [X] }).terminate();
    scene.clock.advance(1_000);
    const p2 = scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [X] });
    await scene.look('a');

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('the oldest claims it if there is no valid ENI for it: the next one gets it', async () => {
    const scene = await startScene();
    const [eth0] = scene.worker('a').enis;
    scene.pod('p1', { node: 'a', ips: [X], mac: eth0?.mac });
    scene.clock.advance(1_000);
    const p2 = scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [X] });
    await scene.look('a');

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('an older pod claims it later: the one that has it keeps it', async () => {
    const scene = await startScene({ enis: 2 });
    const [, eth1, eth2] = scene.worker('a').enis;
    const p1 = scene.pod('p1', { node: 'a', ips: [], mac: eth2?.mac });
    scene.clock.advance(1_000);
    const p2 = scene.pod('p2', { node: 'a', ips: [X], mac: eth1?.mac });
    await scene.look('a');
    p1.claim({ ips: [X], mac: eth2?.mac });
    await scene.look('a');

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(p1.told()).toMatch(/^Conflict: .* ns1\/p2 on node a/);
    await scene.expectSettled();
  });

  test('a floating claim that is the newer takes it', async () => {
    const scene = await startScene({ enis: 2 });
    const [, eth1, eth2] = scene.worker('a').enis;
    const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eth1?.mac });
    await scene.look('a');
    scene.clock.advance(1_000);
    const floating = [{ ip: X, since: new Date(scene.clock.now()).toISOString() }];
    const standby = { ips: ['172.16.1.71'], mac: eth2?.mac };
    const p2 = scene.pod('p2', { node: 'a', ...standby, floating });
    await scene.look('a');

    expect(scene.ec2.whereIs(X)).toBe('a/eth2');
    expect(p2.told()).toMatch(new RegExp(`^Assigned: .*${X}`));
    expect(p1.told()).toMatch(/^Conflict: .* ns1\/p2 on node a/);
    await scene.expectSettled();
  });
});

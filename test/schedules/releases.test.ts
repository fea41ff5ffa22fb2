/** docs/design.md, "Schedules that broke earlier wordings": those of releases that cannot be done. */
import { describe, expect, test } from 'vitest';
import { quiet } from '../support/quiet.ts';
import type { Actor } from '../support/stepper.ts';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const Z = '172.16.1.72';
const DONE = { batchItemFailures: [] };
const FAILED = { batchItemFailures: [{ itemIdentifier: expect.any(String) }] };
/** How often a reconcile starts over by itself. */
const ATTEMPTS = 4;

/** What P1 had is to be released from A's ENI, and P2 waits for Y on the same one. */
async function startDue(enis = 1): Promise<Scene> {
  const scene = await startScene({ enis });
  const p1 = scene.pod('p1', { node: 'a', ips: [X] });
  await scene.look('a');
  p1.remove();
  return scene;
}

function throttleReleases({ world }: Scene, eniId?: string): () => void {
  return world.ec2.faults.add({
    action: 'UnassignPrivateIpAddresses',
    times: Number.POSITIVE_INFINITY,
    when: ({ params }) => eniId === undefined || params.NetworkInterfaceId === eniId,
    effect: { kind: 'error', code: 'RequestLimitExceeded', status: 503 },
  });
}

/** Who was throttled waits for EC2's call budget: time passes wherever nothing else goes on. */
async function whileTimePasses<T>({ clock }: Scene, reconcile: Actor<T>): Promise<T> {
  const finished = reconcile.finish();
  for (await quiet(reconcile.calling); !reconcile.ended(); await quiet(reconcile.calling)) {
    clock.advance(100);
  }
  return finished;
}

describe('24: a release cannot be done', () => {
  test('as every list takes longer than it is good for: a new pod gets its address all the same', async () => {
    const scene = await startDue();
    const p2 = scene.pod('p2', { node: 'a', ips: [Y] });
    const a = scene.reconcile('a');
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      await a.until('listPods');
      scene.clock.advance(1_100);
    }
    expect(await a.finish()).toEqual(FAILED);

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(scene.ec2.whereIs(Y)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.look('a', {}, 2);
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    await scene.expectSettled();
  });

  test('as EC2 throttles it: a new pod gets its address all the same', async () => {
    const scene = await startDue();
    const p2 = scene.pod('p2', { node: 'a', ips: [Y] });
    const stop = throttleReleases(scene);
    expect(await whileTimePasses(scene, scene.reconcile('a'))).toEqual(FAILED);

    expect(scene.ec2.whereIs(Y)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    stop();
    expect(await whileTimePasses(scene, scene.reconcile('a', {}, 2))).toEqual(DONE);
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    await scene.expectSettled();
  });

  test('as the Nodes cannot be listed: a new pod gets its address all the same', async () => {
    const scene = await startDue();
    const p2 = scene.pod('p2', { node: 'a', ips: [Y] });
    const { faults } = scene.world.cluster.kubernetes;
    faults.failNext(1, ({ verb, resource }) => verb === 'list' && resource === 'nodes');
    expect(await scene.reconcile('a').finish()).toEqual(FAILED);

    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.look('a', {}, 2);
    await scene.expectSettled();
  });

  test('while it is under way, a new pod waits neither for it nor for the list of Nodes before it', async () => {
    const scene = await startDue();
    scene.pod('p2', { node: 'a', ips: [Y] });
    const a = scene.reconcile('a');
    await a.until('listNodes');
    await a.until('AssignPrivateIpAddresses');
    expect(a.calls).not.toContain('UnassignPrivateIpAddresses');
    expect(await a.finish()).toEqual({ batchItemFailures: [] });

    expect(scene.ec2.attempts().slice(1).sort()).toEqual([
      `assign ${Y} to a/eth1`,
      `unassign ${X} from a/eth1`,
    ]);
  });

  test('on a full ENI: what has a place gets it, and what needs the room is told nothing yet', async () => {
    const scene = await startDue();
    const seven = Array.from({ length: 7 }, (_, index) => `172.16.1.${80 + index}`);
    scene.pod('p-seven', { node: 'a', ips: seven });
    await scene.look('a');
    const before = scene.ec2.changes().length;
    scene.settle();
    await scene.leave('a', X);
    const first = scene.pod('p2', { node: 'a', ips: [Y] });
    scene.clock.advance(1_000);
    const second = scene.pod('p3', { node: 'a', ips: [Z] });
    const stop = throttleReleases(scene);
    expect(await whileTimePasses(scene, scene.reconcile('a'))).toEqual(FAILED);

    expect(first.told()).toMatch(/^Assigned: /);
    expect([scene.ec2.whereIs(Z), second.told()]).toEqual(['nowhere', '']);
    stop();
    expect(await whileTimePasses(scene, scene.reconcile('a', {}, 2))).toEqual(DONE);
    expect(second.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
    expect(scene.ec2.changes().slice(before)).toHaveLength(3);
  });

  test('from one ENI: what leaves and comes to another is not kept by it', async () => {
    const scene = await startDue(2);
    const [, eth1, eth2] = scene.worker('a').enis;
    const p2 = scene.pod('p2', { node: 'a', ips: [Y], mac: eth2?.mac });
    await scene.look('a');
    p2.claim({ ips: [Z], mac: eth2?.mac });
    scene.settle();
    // X is left on eth1, and Y on eth2.
    await scene.leave('a', X);
    throttleReleases(scene, eth1?.id);
    expect(await whileTimePasses(scene, scene.reconcile('a'))).toEqual(FAILED);

    expect([X, Y, Z].map(scene.ec2.whereIs)).toEqual(['a/eth1', 'nowhere', 'a/eth2']);
    expect(p2.told()).toMatch(new RegExp(`^Assigned: .*${Z}`));
  });

  test('and an address that moves stays where it is, and its pod is told nothing of it', async () => {
    const scene = await startScene({ enis: 2 });
    const [, eth1, eth2] = scene.worker('a').enis;
    const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eth1?.mac });
    await scene.look('a');
    p1.claim({ ips: [X], mac: eth2?.mac });
    const told = p1.told();
    const stop = throttleReleases(scene);
    expect(await whileTimePasses(scene, scene.reconcile('a'))).toEqual(FAILED);

    expect(scene.ec2.changes()).toEqual([`assign ${X} to a/eth1`]);
    expect(p1.told()).toBe(told);
    stop();
    expect(await whileTimePasses(scene, scene.reconcile('a', {}, 2))).toEqual(DONE);
    expect(scene.ec2.whereIs(X)).toBe('a/eth2');
    await scene.expectSettled();
  });
});

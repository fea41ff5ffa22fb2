/** docs/design.md, "Schedules that broke earlier wordings": what EC2 shows, and what the ledgers say. */
import { describe, expect, test } from 'vitest';
import { changeAddresses } from '../support/change-addresses.ts';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const MANAGED = 'node.k8s.amazonaws.com/no_manage';

function eniOf(scene: Scene, index: number): { readonly id: string; readonly mac: string } {
  const eni = scene.worker('a').enis[index];
  if (eni === undefined) throw new Error(`there is no eth${index}`);
  return eni;
}

/** eth2 of node A has no tag: a claim that means it by its MAC fits no ENI. */
async function startUntagged() {
  const scene = await startScene({ enis: 2 });
  const [eth1, eth2] = [eniOf(scene, 1), eniOf(scene, 2)];
  scene.world.ec2.tagEni(eth2.id, { [MANAGED]: undefined });
  scene.clock.advance(30_000);
  const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eth1.mac });
  const p2 = scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [Y], mac: eth1.mac });
  await scene.look('a');
  p1.claim({ ips: [X], mac: eth2.mac });
  p2.claim({ ips: [Y, X], mac: eth1.mac });
  return { scene, eth1, p1, p2 };
}

describe('63: X moved to another ENI of its node for a new pod, and a later read is from before', () => {
  test('a pod of another namespace gets no part of it, and its pod is told that it has it', async () => {
    const scene = await startScene({ enis: 2 });
    const [eth1, eth2] = [eniOf(scene, 1), eniOf(scene, 2)];
    const stranger = scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [Y], mac: eth1.mac });
    scene.clock.advance(5_000);
    const p0 = scene.pod('p0', { node: 'a', ips: [X], mac: eth1.mac });
    await scene.look('a');
    scene.clock.advance(20_000);
    const before = scene.clock.now();
    scene.clock.advance(1_000);
    p0.remove();
    const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eth2.mac });
    const dying = scene.reconcile('a');
    await dying.until('AssignPrivateIpAddresses');
    await dying.until('setPodCondition');
    dying.kill();
    await scene.look('a');
    expect(scene.ec2.whereIs(X)).toBe('a/eth2');
    expect(scene.entry('a', X)).toBe('releasing p0');

    stranger.claim({ ips: [Y, X], mac: eth1.mac });
    scene.settle();
    scene.world.ec2.setStaleness({ kind: 'time', ms: scene.clock.now() - before });
    await scene.look('a');
    expect(p1.told()).toMatch(/^Assigned: /);
    expect(stranger.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    expect(scene.ec2.whereIs(X)).toBe('a/eth2');
    await scene.expectSettled();
  });
});

describe('64: EC2 shows X on no ENI, and the claim of the pod that the ledger names fits none', () => {
  test('no other namespace gets X while the read may be an old one', async () => {
    const { scene, p2 } = await startUntagged();
    scene.clock.advance(10_000);
    scene.world.ec2.setStaleness({ kind: 'time', ms: 12_000 });
    await scene.look('a');
    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    expect(scene.entry('a', X)).toBe('assigned p1');
    await scene.expectSettled();
  });

  test('else it keeps X from nobody, as it would for ever', async () => {
    const { scene, eth1, p2 } = await startUntagged();
    scene.settle();
    await changeAddresses(scene.world.ec2, 'Unassign', eth1.id, [X]);
    await scene.look('a');
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(scene.entry('a', X)).toBe('assigned p2');
    await scene.expectSettled();
  });
});

describe('65: the ledgers are lost, and the claim of the pod that has X is no valid one any more', () => {
  test('a pod of another namespace does not adopt X, and both keep what they have', async () => {
    const { scene, eth1, p1, p2 } = await startUntagged();
    scene.world.cluster.kubernetes.objects.delete('eniledgers', { name: eth1.id });
    await scene.look('a');
    expect(p1.told()).toMatch(/^EniUntagged: /);
    expect(p2.told()).toMatch(/^Unrecorded: /);
    expect(scene.entry('a', X)).toBe('nothing');
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
  });
});

/** docs/design.md, "Schedules that broke earlier wordings": those after which a pod was told what is not so. */
import { describe, expect, test } from 'vitest';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const FAILED = { batchItemFailures: [{ itemIdentifier: expect.any(String) }] };
const DONE = { batchItemFailures: [] };

/** EC2 shows what was so at a time. */
function showAsOf({ world, clock }: Scene, at: number): void {
  world.ec2.setStaleness({ kind: 'time', ms: clock.now() - at });
}

describe('33: an ENI is at another node, as this environment has seen, and EC2 shows it where it was', () => {
  test('its pod is told nothing, and a pod on another ENI of the node gets its address', async () => {
    const scene = await startScene({ enis: 2 });
    const { ec2 } = scene.world;
    const [, eni, other] = scene.worker('a').enis;
    const eniId = eni?.id ?? '';
    await scene.ec2.assignByHand(eniId, X);
    scene.clock.advance(10_000);
    const before = scene.clock.now();
    scene.clock.advance(10_000);
    const { enis, instanceId } = scene.worker('b');
    ec2.detachEni(enis[2]?.id ?? '');
    ec2.detachEni(eniId);
    ec2.attachEni(eniId, instanceId, 2);
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X], mac: eni?.mac });
    // A's environment has seen where the ENI is: it looked up who has X.
    const p3 = scene.pod('p3', { node: 'a', namespace: 'ns3', ips: [X], mac: other?.mac });
    await scene.look('b');
    await scene.look('a');
    p3.remove();
    const lost = scene.pod('lost', { node: 'a', ips: [X], mac: eni?.mac });
    const fine = scene.pod('fine', { node: 'a', ips: [Y], mac: other?.mac });
    scene.clock.advance(10_000);
    showAsOf(scene, before);
    expect(await scene.reconcile('a').finish()).toEqual(FAILED);

    expect(lost.told()).toBe('');
    expect(fine.told()).toMatch(/^Assigned: /);
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(ec2.holderOf(X)?.eniId).toBe(eniId);
  });
});

describe('34: another environment has released X, and this one’s read is older', () => {
  test('a new pod that claims X has it when it is told so', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    scene.clock.advance(10_000);
    p1.remove();
    await scene.look('a');
    scene.clock.advance(300);
    const p2 = scene.pod('p2', { node: 'a', ips: [X] });
    scene.world.ec2.setStaleness({ kind: 'time', ms: 1_000 });
    // An environment that knows nothing of the node.
    const busy = scene.reconcile('a');
    await scene.look('a');
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');

    await busy.finish();
    await scene.expectSettled();
  });

  test('what a pod was told of is not assigned again', async () => {
    const scene = await startScene();
    scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const before = scene.ec2.attempts().length;
    await scene.look('a');
    expect(scene.ec2.attempts().slice(before)).toEqual([]);
  });
});

describe('35: a message comes while its Node registers anew', () => {
  test('it is tried again, and the pod gets its address once the Node is there', async () => {
    const scene = await startScene();
    const { instanceId } = scene.worker('a');
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    scene.removeNode('a');
    expect(await scene.reconcile('a').finish()).toEqual(FAILED);
    scene.register('a');
    expect(await scene.reconcile('a', {}, 2).finish()).toEqual(FAILED);
    scene.removeNode('a');
    scene.register('a', instanceId);
    expect(await scene.reconcile('a', {}, 3).finish()).toEqual(DONE);
    expect(p1.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('it is done with if no live pod is left, or the Node is missing for more than a minute', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    scene.removeNode('a');
    const observedAt = new Date(scene.clock.now()).toISOString();
    scene.clock.advance(60_001);
    expect(await scene.reconcile('a', { observedAt }).finish()).toEqual(DONE);
    p1.remove();
    await scene.look('a');
  });
});

describe('36: EC2 keeps failing for one ENI', () => {
  test.each(['IncorrectState', 'InternalError'])(
    '%s: after some receives its pods are told, and the node’s news is no longer hidden',
    async (code) => {
      const scene = await startScene({ enis: 2 });
      const [, bad, good] = scene.worker('a').enis;
      const stop = scene.world.ec2.faults.add({
        action: 'AssignPrivateIpAddresses',
        times: Number.POSITIVE_INFINITY,
        when: ({ params }) => params.NetworkInterfaceId === bad?.id,
        effect: { kind: 'error', code, status: code === 'InternalError' ? 500 : 400 },
      });
      const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: bad?.mac });
      const p2 = scene.pod('p2', { node: 'a', ips: [Y], mac: good?.mac });
      expect(await scene.reconcile('a').finish()).toEqual(FAILED);
      expect(p2.told()).toMatch(/^Assigned: /);
      expect(p1.told()).toBe('');
      expect(await scene.reconcile('a', {}, 5).finish()).toEqual(DONE);
      expect(p1.told()).toMatch(new RegExp(`^Refused: .*${code}`));
      // What was told holds up no news that follows.
      const p3 = scene.pod('p3', { node: 'a', ips: ['172.16.1.72'], mac: good?.mac });
      expect(await scene.reconcile('a').finish()).toEqual(DONE);
      expect(p3.told()).toMatch(/^Assigned: /);

      stop();
      await scene.sweep();
      await scene.deliver();
      expect(p1.told()).toMatch(/^Assigned: /);
      await scene.expectSettled();
    },
  );

  test('also if a release and an assign fail there together: the leftover goes with the next sweep', async () => {
    const scene = await startScene();
    const [, eth1] = scene.worker('a').enis;
    await scene.leave('a', Y);
    const stop = scene.world.ec2.faults.add({
      when: ({ params }) => params.NetworkInterfaceId === eth1?.id,
      times: Number.POSITIVE_INFINITY,
      effect: { kind: 'error', code: 'InternalError', status: 500 },
    });
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    expect(await scene.reconcile('a', {}, 4).finish()).toEqual(FAILED);
    expect(await scene.reconcile('a', {}, 5).finish()).toEqual(DONE);
    expect(p1.told()).toMatch(/^Refused: .*InternalError/);

    stop();
    await scene.sweep();
    await scene.deliver();
    expect([X, Y].map(scene.ec2.whereIs)).toEqual(['a/eth1', 'nowhere']);
    await scene.expectSettled();
  });
});

describe('41: a node has ENIs of two VPCs with equal blocks, and a pod on each claims X', () => {
  async function startTwoVpcs() {
    const scene = await startScene({ nodes: ['a', 'b'] });
    const { ec2 } = scene.world;
    const vpcId = ec2.addVpc();
    const subnetId = ec2.addSubnet({ vpcId, cidr: '172.16.1.0/24' });
    const tags = { 'node.k8s.amazonaws.com/no_manage': 'true' };
    const otherEniOf = (node: string) => {
      const id = ec2.addEni({ subnetId, tags });
      ec2.attachEni(id, scene.worker(node).instanceId, 2);
      return ec2.eni(id);
    };
    const other = otherEniOf('a');
    const [, eth1] = scene.worker('a').enis;
    const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eth1?.mac });
    const p2 = scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [X], mac: other.mac });
    await scene.look('a');
    const where = () => [ec2.holderOf(X)?.eniId, ec2.holderOf(X, vpcId)?.eniId];
    return { scene, p1, p2, both: [eth1?.id, other.id], where, otherEniOf };
  }

  test('both have it and are told so, and what one lets go of is released alone', async () => {
    const { scene, p1, p2, both, where } = await startTwoVpcs();
    for (const pod of [p1, p2]) expect(pod.told()).toMatch(/^Assigned: /);
    expect(where()).toEqual(both);
    await scene.expectSettled();

    p1.remove();
    await scene.look('a', p1.gone(X));
    expect(where()).toEqual([undefined, both[1]]);
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('a pod of another node is in conflict with the one of its own VPC', async () => {
    const { scene, p1, p2, both, where, otherEniOf } = await startTwoVpcs();
    const { mac } = otherEniOf('b');
    const p3 = scene.pod('p3', { node: 'b', namespace: 'ns3', ips: [X], mac });
    await scene.look('b');
    expect(p3.told()).toMatch(/^Conflict: .* ns2\/p2 on node a/);
    expect(where()).toEqual(both);

    p2.remove();
    await scene.look('b');
    expect(p3.told()).toMatch(/^Assigned: /);
    expect(p1.told()).toMatch(/^Assigned: /);
    await scene.deliver();
    await scene.expectSettled();
  });
});

describe('42: an ENI was attached a moment ago, and EC2 does not show it yet', () => {
  /** A's eth1 is attached, and reads show A as it was before; eth2 of another subnet was there. */
  async function startUnseen() {
    const scene = await startScene({ nodes: ['a', 'b'] });
    const { ec2, subnets } = scene.world;
    const { enis, instanceId } = scene.worker('a');
    const eniId = enis[1]?.id ?? '';
    const tags = { 'node.k8s.amazonaws.com/no_manage': 'true' };
    const good = ec2.addEni({ subnetId: subnets.multus2, tags });
    ec2.attachEni(good, instanceId, 2);
    ec2.detachEni(eniId);
    scene.clock.advance(10_000);
    const before = scene.clock.now();
    scene.clock.advance(10_000);
    ec2.attachEni(eniId, instanceId, 1);
    showAsOf(scene, before);
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    const fine = (name: string, ip: string) =>
      scene.pod(name, { node: 'a', ips: [ip], mac: ec2.eni(good).mac });
    return { scene, p1, fine };
  }

  test('the message is tried again, and the pod is told once it has its address', async () => {
    const { scene, p1, fine } = await startUnseen();
    const p2 = fine('p2', '172.16.3.100');
    expect(await scene.reconcile('a').finish()).toEqual(FAILED);
    expect(p1.told()).toBe('');
    expect(p2.told()).toMatch(/^Assigned: /);
    scene.world.ec2.setStaleness({ kind: 'none' });
    expect(await scene.reconcile('a', {}, 2).finish()).toEqual(DONE);

    expect(p1.told()).toMatch(/^Assigned: /);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    await scene.expectSettled();
  });

  test('after three receives the pod is told, hides nobody’s news, and the sweep finds the ENI', async () => {
    const { scene, p1, fine } = await startUnseen();
    expect(await scene.reconcile('a', {}, 2).finish()).toEqual(FAILED);
    expect(await scene.reconcile('a', {}, 3).finish()).toEqual(DONE);
    expect(p1.told()).toMatch(/^EniNotSeen: assigned: none; .* no ENI at eth1/);
    await scene.sweep();
    expect(scene.queued()).toEqual([]);

    const p2 = fine('p2', '172.16.3.100');
    expect(await scene.reconcile('a').finish()).toEqual(DONE);
    expect(p2.told()).toMatch(/^Assigned: /);
    // Another address of a pod that was told so is no reason to wait either.
    p1.claim({ ips: ['172.16.1.72'] });
    expect(await scene.reconcile('a').finish()).toEqual(DONE);
    expect(p1.told()).toMatch(/^EniNotSeen: .*172\.16\.1\.72/);

    scene.world.ec2.setStaleness({ kind: 'none' });
    await scene.sweep();
    await scene.deliver();
    expect(p1.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('a pod that was told where its address is keeps that answer while an old read hides its ENI', async () => {
    const { scene, p1 } = await startUnseen();
    const { ec2 } = scene.world;
    const before = scene.clock.now() - 10_000;
    ec2.setStaleness({ kind: 'none' });
    await scene.look('a');
    const told = p1.told();
    expect(told).toMatch(/^Assigned: /);
    showAsOf(scene, before);
    expect(await scene.reconcile('a').finish()).toEqual(FAILED);
    expect(p1.told()).toBe(told);
    ec2.setStaleness({ kind: 'none' });
    expect(await scene.reconcile('a', {}, 2).finish()).toEqual(DONE);
    expect(p1.told()).toBe(told);
    await scene.expectSettled();
  });

  test('a pod whose address is in no range is not waited for', async () => {
    const { scene, p1 } = await startUnseen();
    p1.claim({ ips: ['172.16.1.200'] });
    expect(await scene.reconcile('a').finish()).toEqual(DONE);
    expect(p1.told()).toBe('');
  });
});

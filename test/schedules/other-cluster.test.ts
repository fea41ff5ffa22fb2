/** docs/design.md, "Schedules that broke earlier wordings": that of a Node that names another cluster's instance. */
import { describe, expect, test } from 'vitest';
import { launchWorker } from '../../sandbox/worker.ts';
import { recordIn } from '../support/record-ledger.ts';
import { startScene } from './scene.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const OUTSIDE = '172.16.1.200';

/** Another cluster's instance, whose pods have X and OUTSIDE on eth1, and a Node of ours that names it. */
async function startLie() {
  const scene = await startScene();
  const { ec2, subnets } = scene.world;
  const { enis, instanceId } = launchWorker(ec2, {
    cluster: 'other',
    nodeSubnetId: subnets.multus1,
    enis: [{ deviceIndex: 1, subnetId: subnets.multus1 }],
  });
  const { id = '', mac = '' } = enis[1] ?? {};
  // Ours once, as an old ledger of this cluster says.
  recordIn(scene.world.cluster.kubernetes.objects, id, [X, OUTSIDE], {});
  await scene.ec2.assignByHand(id, X, OUTSIDE);
  scene.register('liar', instanceId);
  // Without any pod nothing would be believed of it (docs/design.md, "The brake").
  scene.pod('kube-proxy-liar', { node: 'liar', namespace: 'kube-system' });
  return { scene, id, mac };
}

describe('30: a Node names the instance of another cluster', () => {
  test('nothing is released there, though a ledger has it and a message names it', async () => {
    const { scene, id } = await startLie();
    const gone = scene.pod('p1', { node: 'liar', ips: [] });
    await scene.look('liar', gone.gone(OUTSIDE, '172.16.1.201'));
    await scene.sweep();
    await scene.deliver();

    expect(scene.world.ec2.eni(id).secondary).toEqual([X, OUTSIDE]);
    expect(scene.ec2.attempts()).toEqual([]);
    await scene.expectSettled();
  });

  test('nothing is assigned there, and the pod is told why', async () => {
    const { scene, id, mac } = await startLie();
    const pod = scene.pod('p1', { node: 'liar', ips: [Y], mac });
    await scene.look('liar');

    expect(scene.ec2.attempts()).toEqual([]);
    expect(pod.told()).toMatch(new RegExp(`^EniOfOtherCluster: .*${id} is tagged for other`));
    await scene.expectSettled();
  });

  test('nothing is taken over from there, although the Node has no pod that claims it', async () => {
    const { scene, id } = await startLie();
    const pod = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');

    expect(scene.world.ec2.holderOf(X)?.eniId).toBe(id);
    expect(pod.told()).toMatch(/^HeldElsewhere: /);
    await scene.expectSettled();
  });

  test('an ENI that is tagged for both clusters, or for none, is of the one whose Node names it', async () => {
    const { scene, id } = await startLie();
    scene.world.ec2.tagEni(id, { 'cluster.k8s.amazonaws.com/name': 'demo' });
    await scene.look('liar');
    expect(scene.world.ec2.eni(id).secondary).toEqual([]);
    scene.settle();
    await scene.ec2.assignByHand(id, X);
    scene.world.ec2.tagEni(id, {
      'cluster.k8s.amazonaws.com/name': undefined,
      'kubernetes.io/cluster/other': undefined,
    });
    await scene.look('liar');
    expect(scene.world.ec2.eni(id).secondary).toEqual([]);
  });
});

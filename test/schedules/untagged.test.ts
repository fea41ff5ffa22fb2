/** A pod whose ENI lacks the tag, of which no message came. */
import { expect, test } from 'vitest';
import { MANAGED_TAG } from '../../sandbox/worker.ts';
import { startScene } from './scene.ts';

const X = '172.16.1.70';
const UNTAGGED = Object.fromEntries(Object.keys(MANAGED_TAG).map((key) => [key, undefined]));

test('is told by the sweep, which reads the managed ENIs first', async () => {
  const scene = await startScene();
  const { id = '', mac = '' } = scene.worker('a').enis[1] ?? {};
  scene.world.ec2.tagEni(id, UNTAGGED);
  const pod = scene.pod('p1', { node: 'a', ips: [X], mac });

  await scene.sweep();
  await scene.deliver();
  expect(pod.told()).toMatch(/^EniUntagged: /);
  await scene.expectSettled();
});

test('is told nothing if its network is on no ENI at all', async () => {
  const scene = await startScene();
  const spec = { config: JSON.stringify({ type: 'bridge', bridge: 'cni0' }) };
  const { objects } = scene.world.cluster.kubernetes;
  objects.patch('network-attachment-definitions', { name: 'net-1' }, { spec });
  const pod = scene.pod('p1', { node: 'a', ips: ['10.42.0.7'], mac: '0a:58:00:00:00:01' });

  await scene.sweep();
  expect(scene.queued()).toEqual([]);
  expect(pod.told()).toBe('');
});

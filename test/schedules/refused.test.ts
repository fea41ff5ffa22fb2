/** What EC2 refused once, and what the sweep makes of it. */
import { expect, test } from 'vitest';
import { startScene } from './scene.ts';

const X = '172.16.1.70';

test('a pod whose refused address has come to its ENI meanwhile is told by the next sweep', async () => {
  const scene = await startScene();
  const { ec2 } = scene.world;
  const code = 'OperationNotPermitted';
  const stop = ec2.faults.add({
    action: 'AssignPrivateIpAddresses',
    times: Number.POSITIVE_INFINITY,
    effect: { kind: 'error', code, message: 'Something is wrong with an address.' },
  });
  const pod = scene.pod('p1', { node: 'a', ips: [X] });
  await scene.look('a');
  expect(pod.told()).toContain(`${X}: refused: `);

  // A call that was lost on its way arrives, or somebody helps by hand.
  stop();
  await scene.ec2.assignByHand(scene.worker('a').enis[1]?.id ?? '', X);
  await scene.sweep();
  await scene.deliver();
  expect(pod.told()).toBe(`Assigned: assigned: ${X} on ${scene.worker('a').enis[1]?.id}`);
  await scene.expectSettled();
});

test('a pod whose address EC2 goes on refusing is tried at each sweep', async () => {
  const scene = await startScene();
  scene.world.ec2.faults.add({
    action: 'AssignPrivateIpAddresses',
    times: Number.POSITIVE_INFINITY,
    effect: { kind: 'error', code: 'OperationNotPermitted' },
  });
  const pod = scene.pod('p1', { node: 'a', ips: [X] });
  await scene.look('a');
  for (const _ of [1, 2]) {
    await scene.sweep();
    expect(scene.queued()).toEqual(['a sweep']);
    await scene.deliver();
    expect(pod.told()).toContain(`${X}: refused: `);
  }
});

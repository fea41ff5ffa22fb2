/** docs/design.md, rule 3: in which order a node is read. */
import { describe, expect, test } from 'vitest';
import { startScene } from './scene.ts';

const X = '172.16.1.70';

describe('an address comes to an ENI, and its claim with it, just before the ENIs are read', () => {
  test('the pods are listed after the ENIs, so the claim is seen', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [] });
    const reading = scene.reconcile('a');
    await reading.until('DescribeNetworkInterfaces');
    p1.claim({ ips: [X] });
    await scene.ec2.assignByHand(scene.worker('a').enis[1]?.id ?? '', X);

    expect(await reading.finish()).toEqual({ batchItemFailures: [] });
    expect(scene.ec2.attempts()).toEqual([]);
    expect(scene.entry('a', X)).toBe('assigned p1');
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
  });
});

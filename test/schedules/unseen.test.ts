/** docs/design.md, "Schedules that broke earlier wordings": that of releases which a read does not show. */
import { describe, expect, test } from 'vitest';
import { startScene } from './scene.ts';

const X = '172.16.1.70';
/** In no range of the network. */
const OUTSIDE = '172.16.1.200';
const SETTLES_AFTER = { kind: 'time', ms: 500 } as const;

describe('8: a stale read after an assign does not show the address', () => {
  test('the release that a message names is done all the same', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [OUTSIDE] });
    scene.clock.advance(900);
    await scene.look('a');
    expect(scene.ec2.whereIs(OUTSIDE)).toBe('a/eth1');
    p1.remove();
    scene.world.ec2.setStaleness(SETTLES_AFTER);
    await scene.look('a', p1.gone(OUTSIDE));

    expect(scene.ec2.whereIs(OUTSIDE)).toBe('nowhere');
    await scene.expectSettled();
  });

  test('150 addresses that a message names cost one call for each ENI, and one for what is there', async () => {
    const scene = await startScene();
    const many = Array.from({ length: 150 }, (_, index) => `172.16.1.${100 + index}`);
    const [first, second] = [many[3] ?? '', many[140] ?? ''];
    const [p1, p2] = [first, second].map((ip) => scene.pod(`p-${ip}`, { node: 'a', ips: [ip] }));
    const greedy = scene.pod('greedy', { node: 'b', ips: many });
    scene.clock.advance(900);
    await scene.look('a');
    for (const pod of [p1, p2, greedy]) pod?.remove();
    scene.world.ec2.setStaleness(SETTLES_AFTER);
    const before = scene.ec2.attempts().length;
    // The view settles between two reads of the reconcile.
    const a = scene.reconcile('a', greedy.gone(...many));
    await a.until('UnassignPrivateIpAddresses');
    scene.clock.advance(SETTLES_AFTER.ms);
    expect(await a.finish()).toEqual({ batchItemFailures: [] });

    expect(scene.ec2.attempts().slice(before)).toEqual([
      `unassign ${many.join(', ')} from a/eth1`,
      `unassign ${first}, ${second} from a/eth1`,
    ]);
    await scene.expectSettled();
  });

  test('also those of 150 addresses which EC2 shows only after it has refused the call', async () => {
    const scene = await startScene();
    const many = Array.from({ length: 150 }, (_, index) => `172.16.1.${100 + index}`);
    const p1 = scene.pod('p1', { node: 'a', ips: [OUTSIDE] });
    scene.clock.advance(900);
    await scene.look('a');
    p1.remove();
    scene.world.ec2.setStaleness(SETTLES_AFTER);
    const before = scene.ec2.attempts().length;
    expect(await scene.reconcile('a', p1.gone(...many)).finish()).toEqual({
      batchItemFailures: [{ itemIdentifier: expect.any(String) }],
    });
    await scene.look('a', p1.gone(...many), 2);

    expect(scene.ec2.whereIs(OUTSIDE)).toBe('nowhere');
    expect(scene.ec2.attempts().slice(before).length).toBeLessThan(5);
    await scene.expectSettled();
  });

  test('in a range, whoever sees the address next releases it, and nobody asks EC2 before', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    scene.clock.advance(900);
    await scene.look('a');
    p1.remove();
    scene.world.ec2.setStaleness(SETTLES_AFTER);
    const before = scene.ec2.attempts().length;
    await scene.look('a', p1.gone(X));
    expect(scene.ec2.attempts().slice(before)).toEqual([]);

    scene.clock.advance(SETTLES_AFTER.ms);
    await scene.look('a');
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    await scene.expectSettled();
  });
});

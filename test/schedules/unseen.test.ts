/** docs/design.md, "Schedules that broke earlier wordings": that of releases which a read does not show. */
import { describe, expect, test } from 'vitest';
import { startScene } from './scene.ts';

const X = '172.16.1.70';
/** In no range of the network. */
const OUTSIDE = '172.16.1.200';
const SETTLES_AFTER = { kind: 'time', ms: 500 } as const;

describe('8: a stale read after an assign does not show the address', () => {
  test.each([X, OUTSIDE])(
    '%s is released at once, as the ledger says that it is there',
    async (ip) => {
      const scene = await startScene();
      const p1 = scene.pod('p1', { node: 'a', ips: [ip] });
      scene.clock.advance(900);
      await scene.look('a');
      p1.remove();
      scene.world.ec2.setStaleness(SETTLES_AFTER);
      await scene.look('a', p1.gone(ip));
      expect(scene.ec2.whereIs(ip)).toBe('nowhere');
      expect(scene.entry('a', ip)).toBe('released p1');

      // Nor is it released again while EC2 shows it.
      const before = scene.ec2.attempts().length;
      await scene.look('a');
      expect(scene.ec2.attempts().slice(before)).toEqual([]);
      await scene.expectSettled();
    },
  );

  test('what a read does not show that is older than ledgers correct is released by whoever sees it later', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    scene.clock.advance(5_000);
    await scene.look('a');
    scene.settle();
    p1.remove();
    const longLag = { kind: 'time', ms: 18_000 } as const;
    scene.world.ec2.setStaleness(longLag);
    await scene.look('a', p1.gone(X));
    expect(scene.entry('a', X)).toBe('releasing p1');

    scene.clock.advance(longLag.ms);
    await scene.look('a');
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    await scene.expectSettled();
  });
});

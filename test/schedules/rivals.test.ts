/** docs/design.md, "Schedules that broke earlier wordings": several pods of one node want what another node has. */
import { describe, expect, test } from 'vitest';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const V6 = '2600:1f18:1111:1::70';

const macOf = (scene: Scene, node: string, index: number): string =>
  scene.worker(node).enis[index]?.mac ?? '';

describe.each([X, V6])('27: two pods of one node, of two namespaces, want %s', (ip) => {
  /** P1 (ns1) at C has the address; the older P2 (ns2) and then P3 (ns1) claim it at A. */
  async function rivals({ enis = 1, otherEni = 1 } = {}) {
    const scene = await startScene({ enis });
    const p1 = scene.pod('p1', { node: 'c', namespace: 'ns1', ips: [ip] });
    await scene.look('c');
    const p2 = scene.pod('p2', { node: 'a', namespace: 'ns2', ips: [ip] });
    scene.clock.advance(1_000);
    const mac = macOf(scene, 'a', otherEni);
    const p3 = scene.pod('p3', { node: 'a', namespace: 'ns1', ips: [ip], mac });
    await scene.look('a');
    return { scene, p1, p2, p3 };
  }

  test('both are told who has it, and where', async () => {
    const { scene, p2, p3 } = await rivals();
    const eni = scene.worker('c').enis[1]?.id;
    for (const each of [p2, p3]) {
      expect(each.told()).toMatch(new RegExp(`^Conflict: .* pod ns1/p1 on node c \\(${eni}\\)`));
    }
    await scene.expectSettled();
    expect(scene.ec2.whereIs(ip)).toBe('c/eth1');
  });

  test.each([1, 2])(
    'it goes to the one of the holder’s namespace when the holder terminates, onto eth%i',
    async (otherEni) => {
      const { scene, p1, p2, p3 } = await rivals({ enis: 2, otherEni });
      p1.terminate();
      await scene.look('a');

      expect(scene.ec2.whereIs(ip)).toBe(`a/eth${otherEni}`);
      expect(p3.told()).toMatch(/^Assigned: /);
      const eni = scene.worker('a').enis[otherEni]?.id;
      expect(p2.told()).toMatch(new RegExp(`^Conflict: .* pod ns1/p3 on node a \\(${eni}\\)`));
      await scene.expectSettled();
      expect(scene.ec2.whereIs(ip)).toBe(`a/eth${otherEni}`);
    },
  );

  test('it goes to the oldest once nobody has it', async () => {
    const { scene, p1, p2, p3 } = await rivals();
    p1.remove();
    await scene.look('c', p1.gone(ip));
    await scene.look('a');

    expect(p2.told()).toMatch(/^Assigned: /);
    expect(p3.told()).toMatch(/^Conflict: .* pod ns2\/p2 on node a/);
    await scene.expectSettled();
    expect(scene.ec2.whereIs(ip)).toBe('a/eth1');
  });

  test('the sweep sees that one of them may have it', async () => {
    const { scene, p1, p3 } = await rivals();
    p1.terminate();
    await scene.sweep();
    expect(scene.queued()).toContain('a sweep');
    await scene.deliver();
    expect(p3.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('one whose claim changes meanwhile takes nothing', async () => {
    const { scene, p1, p3 } = await rivals();
    p1.terminate();
    const a = scene.reconcile('a');
    await a.until('listNodes');
    p3.claim({ ips: ['172.16.1.75'] });
    await a.finish();

    expect(scene.ec2.whereIs(ip)).toBe('c/eth1');
    await scene.expectSettled();
  });
});

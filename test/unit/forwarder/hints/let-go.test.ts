import { describe, expect, test } from 'vitest';
import { createPodIndex } from '../../../../forwarder/hints/pod-index.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { claimingPod, told, X, Y } from '../pods.ts';

describe('an address that a pod let go of lately may still be on its node', () => {
  const p2 = claimingPod([X], { name: 'p2', node: 'b' });
  const start = () => {
    const clock = virtualClock();
    const index = createPodIndex(clock);
    index.put(claimingPod([X, Y]));
    index.remove(claimingPod([X, Y]));
    return { clock, index };
  };

  test('so that a pod of another node that begins to claim it has EC2 looked at first', () => {
    const { clock, index } = start();
    clock.advance(2 * 60_000);
    expect(index.put(p2)).toEqual([told('add', [], { name: 'p2', node: 'b', lookFirst: true })]);
    clock.advance(1);
    const late = claimingPod([Y], { name: 'p3', node: 'c' });
    expect(index.put(late)).toEqual([told('add', [], { name: 'p3', node: 'c' })]);
  });

  test('also if one watch event says both', () => {
    const { index } = start();
    index.put(claimingPod([X], { name: 'web-0', uid: 'old' }));
    const [, next] = index.put(claimingPod([X], { name: 'web-0', uid: 'new', node: 'b' }));
    expect(next).toMatchObject({ node: 'b', lookFirst: true });
  });

  test('but not if its own node had it last', () => {
    const { index } = start();
    index.put(p2);
    index.remove(p2);
    expect(index.put(p2)).toEqual([told('add', [], { name: 'p2', node: 'b' })]);
  });

  test('so that its node is looked at by a new leader, whatever is claimed there', () => {
    const { clock, index } = start();
    expect([...index.nodes(), ...index.lettingGo()]).toEqual(['a']);
    clock.advance(15 * 60_000);
    expect(index.lettingGo().size).toBe(1);
    clock.advance(1);
    expect(index.lettingGo().size).toBe(0);
  });

  test('as far as 50,000 addresses are remembered, of which the oldest are forgotten', () => {
    const { index } = start();
    for (let n = 0; n < 50; n += 1) {
      const ips = Array.from({ length: 1_000 }, (_, at) => `10.${n}.${at >> 8}.${at & 255}`);
      const pod = claimingPod(ips, { name: `p${n}`, node: `n${n}` });
      index.put(pod);
      index.remove(pod);
    }
    expect(index.lettingGo().has('a')).toBe(false);
    expect(index.lettingGo().size).toBe(50);
  });
});

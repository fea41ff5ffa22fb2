import { describe, expect, test } from 'vitest';
import {
  type Beyond,
  createPodIndex,
  type PodIndex,
} from '../../../../forwarder/hints/pod-index.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { claimingPod } from '../pods.ts';

describe('a namespace that claims too many addresses', () => {
  const many = (most: number, at = 0): string[] =>
    Array.from({ length: most }, (_, index) => {
      const n = at + index;
      return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
    });
  /** Pods of a thousand addresses each. */
  const fill = (index: PodIndex, pods: number, more: { node?: string; namespace?: string } = {}) =>
    Array.from({ length: pods }, (_, pod) => {
      const { node = `node-${pod}`, namespace = 'default' } = more;
      const name = `p${pod}`;
      return index.put(claimingPod(many(1_000, pod * 1_000), { name, node, namespace }));
    });
  const start = () => {
    const beyond: Beyond[] = [];
    return { beyond, index: createPodIndex(virtualClock(), (each) => void beyond.push(each)) };
  };

  test('on one node has its pods looked at there, and what is left out is told with its name', () => {
    const { beyond, index } = start();
    const hints = fill(index, 6, { node: 'a' });
    expect(hints.map((of) => of.map(({ node }) => node))).toEqual(Array(6).fill(['a']));
    expect(beyond).toEqual([
      { namespace: 'default', name: 'p4', node: 'a', addresses: 904 },
      { namespace: 'default', name: 'p5', node: 'a', addresses: 1_000 },
    ]);
    // A change of what is left out is a reason to look, too.
    const changed = claimingPod(many(1_000, 90_000), { name: 'p5', node: 'a' });
    expect(index.put(changed)).toMatchObject([{ node: 'a', pod: { event: 'update', ips: [] } }]);
    expect(index.remove(changed)).toMatchObject([{ node: 'a', pod: { event: 'delete', ips: [] } }]);
    expect(beyond).toHaveLength(2);
  });

  test('in all takes nothing from other namespaces', () => {
    const { beyond, index } = start();
    fill(index, 51);
    expect(beyond).toMatchObject([{ namespace: 'default', name: 'p50', addresses: 1_000 }]);
    fill(index, 1, { namespace: 'other', node: 'node-0' });
    expect(beyond).toHaveLength(1);
  });

  test('names what a pod had, whatever it claims beside that later', () => {
    const { index } = start();
    fill(index, 3, { node: 'a' });
    const pod = (ips: string[]) => claimingPod(ips, { name: 'p9', node: 'a' });
    index.put(pod(many(1_000, 9_000)));
    index.put(pod([...many(500, 20_000), ...many(500, 9_000)]));
    const [hint] = index.remove(pod([]));
    expect(hint?.pod?.ips).toEqual(expect.arrayContaining(many(500, 9_000)));
  });
});

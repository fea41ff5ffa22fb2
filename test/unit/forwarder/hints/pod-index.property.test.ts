import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createPodIndex, type Hint } from '../../../../forwarder/hints/pod-index.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { claimingPod } from '../pods.ts';

const ADDRESSES = ['172.16.1.70', '172.16.1.71', '172.16.1.72', '2001:db8::70'];
const NODES = ['a', 'b', 'c'];

/** One thing that the watch may tell. A name stands for up to two pod objects, one after the other. */
const step = fc.record({
  name: fc.constantFrom('p1', 'p2', 'p3', 'p4'),
  generation: fc.constantFrom(1, 2),
  kind: fc.constantFrom('put', 'put', 'put', 'remove', 'list'),
  ips: fc.subarray(ADDRESSES),
  terminating: fc.boolean(),
  finished: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function podOf({ name, generation, ips, terminating, finished }: Step): Pod {
  const node = NODES[(Number(name.slice(1)) + generation) % NODES.length] ?? 'a';
  return claimingPod(ips, { name, uid: `${name}-${generation}`, node, terminating, finished });
}

function claimed(pod: Pod | undefined, ips: readonly string[]): readonly string[] {
  return pod === undefined || pod.finished ? [] : ips;
}

/** The index, and beside it the plainest model of who claims what. */
function indexAndModel() {
  const index = createPodIndex(virtualClock());
  const model = new Map<string, { pod: Pod; ips: readonly string[] }>();

  const apply = (it: Step): Hint[] => {
    const pod = podOf(it);
    const current = model.get(it.name);
    if (it.kind === 'put') {
      model.set(it.name, { pod, ips: claimed(pod, it.ips) });
      return index.put(pod);
    }
    if (it.kind === 'remove') {
      if (current?.pod.uid === pod.uid) model.delete(it.name);
      return index.remove(pod);
    }
    model.delete(it.name);
    return index.retain(new Set([...model.values()].map(({ pod: { uid } }) => uid)));
  };
  return { index, model, apply };
}

/** `uid address` of everything that is claimed. */
function claims(model: ReturnType<typeof indexAndModel>['model']): Set<string> {
  return new Set(
    [...model.values()].flatMap(({ pod, ips }) => ips.map((ip) => `${pod.uid} ${ip}`)),
  );
}

test('an address that a pod stops claiming is named by exactly one event of that pod', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { model, apply } = indexAndModel();
      for (const it of steps) {
        const before = claims(model);
        const hints = apply(it);
        const released = before.difference(claims(model));
        const named = hints.flatMap(({ pod }) => pod?.ips.map((ip) => `${pod.uid} ${ip}`) ?? []);
        expect(named.toSorted()).toEqual([...released].toSorted());
      }
    }),
  );
});

test('the nodes of the other claimants are told when a pod lets go or begins to terminate', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { model, apply } = indexAndModel();
      for (const it of steps) {
        const before = new Map(model);
        const nodes = new Set(apply(it).map(({ node }) => node));
        for (const [name, { pod, ips }] of before) {
          const now = model.get(name);
          const kept = now?.pod.uid === pod.uid && now.pod.terminating === pod.terminating;
          const loosened = ips.filter((ip) => !kept || !now.ips.includes(ip));
          const others = [...model.values()].filter((other) => other.pod.name !== name);
          for (const other of others) {
            if (!other.ips.some((ip) => loosened.includes(ip))) continue;
            expect(nodes).toContain(other.pod.node);
          }
        }
      }
    }),
  );
});

test('nothing is kept of pods that are gone or claim nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { index, model, apply } = indexAndModel();
      for (const it of steps) apply(it);
      const claiming = [...model.values()].filter(({ ips }) => ips.length > 0);
      expect(index.size()).toBe(claiming.length);
      expect(index.nodes()).toEqual(new Set(claiming.map(({ pod }) => pod.node)));
      index.retain(new Set());
      expect(index.size()).toBe(0);
    }),
  );
});

import { describe, expect, test } from 'vitest';
import { createPodIndex, type Hint } from '../../../../forwarder/hints/pod-index.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { IGNORE } from '../../../../shared/cluster/annotations.ts';
import { claimingPod, networkStatusText, told, X, Y } from '../pods.ts';

/** The same, of addresses that nobody waits for. */
function patient(hint: Hint): Hint {
  return { ...hint, waitsFor: 'releases' };
}

/** A pod of node `a` begins to claim X. */
const ADDED = told('add', []);
/** The other claimants' node looks again, when p1 has let go of something. */
const AGAIN: Hint = { node: 'b', lookFirst: true, cause: 'p1' };
/** The same, while pods of several nodes claim it. */
const SHARED: Hint = { ...AGAIN, waitsFor: 'starting' };

describe('a pod of its own', () => {
  test('is added when it first claims an address', () => {
    const index = createPodIndex(virtualClock());
    expect(index.put(claimingPod([]))).toEqual([]);
    expect(index.put(claimingPod([X]))).toEqual([ADDED]);
    expect([...index.nodes()]).toEqual(['a']);
  });

  test('causes nothing while it claims nothing, whatever else changes', () => {
    const index = createPodIndex(virtualClock());
    expect(index.put(claimingPod([]))).toEqual([]);
    expect(index.put(claimingPod([], { terminating: true }))).toEqual([]);
    expect(index.remove(claimingPod([]))).toEqual([]);
    expect(index.size()).toBe(0);
  });

  test('causes nothing when something changes that decides nothing', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    const condition = { status: 'True', reason: 'Assigned', message: `${X} on eni-1` } as const;
    expect(index.put(claimingPod([X], { condition }))).toEqual([]);
    expect(index.put(claimingPod([X]))).toEqual([]);
  });

  test('names, when updated, what it claims no longer', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X, Y]));
    expect(index.put(claimingPod([Y]))).toEqual([told('update', [X])]);
  });

  test('is updated when an attachment gets another MAC address', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    const status = networkStatusText([X], '0a:00:00:00:00:02');
    expect(index.put(claimingPod([X], { status }))).toEqual([told('update', [])]);
  });

  test('causes nothing when it begins to terminate, as it keeps what it has', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    expect(index.put(claimingPod([X], { terminating: true }))).toEqual([]);
  });

  test('is updated when it begins to terminate and another pod of the node claims the same', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    index.put(claimingPod([X], { name: 'p2' }));
    expect(index.put(claimingPod([X], { terminating: true }))).toEqual([
      { ...told('update', []), ends: true },
    ]);
  });

  test('terminates on its node until it is gone', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    expect(index.terminates('a')).toBe(false);
    index.put(claimingPod([X], { terminating: true }));
    expect(index.terminates('a')).toBe(true);
    index.remove(claimingPod([X]));
    expect(index.terminates('a')).toBe(false);
  });

  test('may be told later that it is gone, unless a pod of its node waits for its address or for room', () => {
    const index = createPodIndex(virtualClock());
    const full = {
      status: 'False',
      reason: 'EniFull',
      message: `assigned: none; ${Y}: eni-full: no room`,
    } as const;
    index.put(claimingPod([X]));
    expect(index.remove(claimingPod([X]))).toEqual([patient(told('delete', [X]))]);
    index.put(claimingPod([X]));
    index.put(claimingPod([Y], { name: 'p2', condition: full }));
    expect(index.remove(claimingPod([X]))).toEqual([told('delete', [X])]);
    index.put(claimingPod([X], { name: 'p3', node: 'b' }));
    index.put(claimingPod([X], { name: 'p4', node: 'b' }));
    expect(index.remove(claimingPod([X], { name: 'p3', node: 'b' }))).toEqual([
      told('delete', [X], { name: 'p3', node: 'b' }),
    ]);
  });

  test('may be told later that it is gone, if a pod of another node takes its address over', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    index.put(claimingPod([X], { name: 'p2', node: 'b' }));
    expect(index.remove(claimingPod([X]))).toEqual([patient(told('delete', [X])), AGAIN]);
  });

  test('may be told later what a terminating pod lets go of before it is gone', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X], { terminating: true }));
    expect(index.put(claimingPod([], { terminating: true }))).toEqual([
      { ...patient(told('update', [X])), ends: true },
    ]);
  });

  test('names, when deleted, what it claimed', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X, Y]));
    expect(index.remove(claimingPod([]))).toEqual([patient(told('delete', [X, Y]))]);
    expect(index.size()).toBe(0);
  });

  test('names its addresses once when the annotation is emptied before it goes', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    expect(index.put(claimingPod([]))).toEqual([patient(told('update', [X]))]);
    expect(index.remove(claimingPod([]))).toEqual([]);
  });

  test.each([
    ['has finished', claimingPod([X], { finished: true })],
    [
      'is to be ignored',
      claimingPod([X], { annotations: { ...claimingPod([X]).annotations, [IGNORE]: 'true' } }),
    ],
  ])('lets go of its addresses when it %s', (_, changed) => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    expect(index.put(changed)).toMatchObject([patient(told('update', [X]))]);
    expect(index.put(claimingPod([X]))).toEqual([ADDED]);
  });

  test('is added when it is bound to a node, if it claims a floating address before', () => {
    const index = createPodIndex(virtualClock());
    const { node: _, ...unbound } = claimingPod([], { floating: [X] });
    expect(index.put(unbound)).toEqual([]);
    expect(index.put({ ...unbound, node: 'a' })).toEqual([ADDED]);
  });

  test('is added without a claim when it waits for our condition', () => {
    const index = createPodIndex(virtualClock());
    expect(index.put(claimingPod([], { gated: true }))).toEqual([told('add', [])]);
  });

  test('lets go of nothing while its annotation can not be read', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X, Y]));
    expect(index.put(claimingPod([], { status: '{' }))).toEqual([told('update', [])]);
    expect(index.put(claimingPod([Y]))).toEqual([told('update', [X])]);
  });

  test('names what it claimed when it is deleted with an annotation that can not be read', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X]));
    index.put(claimingPod([], { status: '{' }));
    expect(index.remove(claimingPod([]))).toEqual([patient(told('delete', [X]))]);
  });

  test('is deleted and added when another object has its name', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X], { uid: 'old' }));
    expect(index.put(claimingPod([Y], { uid: 'new', node: 'b' }))).toEqual([
      patient(told('delete', [X], { uid: 'old' })),
      told('add', [], { uid: 'new', node: 'b' }),
    ]);
    expect(index.remove(claimingPod([X], { uid: 'old' }))).toEqual([]);
    expect(index.size()).toBe(1);
  });

  test('is deleted when a complete list does not have it', () => {
    const index = createPodIndex(virtualClock());
    index.put(claimingPod([X], { name: 'p1' }));
    index.put(claimingPod([Y], { name: 'p2' }));
    expect(index.retain(new Set(['p2']))).toEqual([patient(told('delete', [X]))]);
  });
});

describe('the nodes of the other claimants look again', () => {
  const waiting = claimingPod([X], { name: 'p2', node: 'b' });
  const holder = claimingPod([X, Y]);

  test.each([
    [
      'stops claiming the address',
      (index: ReturnType<typeof createPodIndex>) => index.put(claimingPod([Y])),
    ],
    ['begins to terminate', (index) => index.put({ ...holder, terminating: true })],
    ['finishes', (index) => index.put({ ...holder, finished: true })],
    ['is deleted', (index) => index.remove(holder)],
    ['has vanished from a list', (index) => index.retain(new Set(['p2']))],
  ] satisfies [string, (index: ReturnType<typeof createPodIndex>) => Hint[]][])(
    'when a pod %s',
    (_, change) => {
      const index = createPodIndex(virtualClock());
      index.put(holder);
      index.put(waiting);
      expect(change(index)).toContainEqual(expect.objectContaining(AGAIN));
    },
  );

  test('for an address that the pod still claims while it terminates', () => {
    const index = createPodIndex(virtualClock());
    index.put(holder);
    index.put(waiting);
    expect(index.put({ ...holder, terminating: true })).toEqual([SHARED]);
    expect(index.remove(holder)).toEqual([patient(told('delete', [X, Y])), AGAIN]);
  });

  test('when a floating claim changes its since', () => {
    const index = createPodIndex(virtualClock());
    const since = (text: string) => [{ ip: X, since: text }];
    index.put(claimingPod([], { floating: since('2026-01-01T10:00:00Z') }));
    index.put(waiting);
    const hints = index.put(claimingPod([], { floating: since('2026-01-01T11:00:00Z') }));
    expect(hints).toEqual([told('update', []), SHARED]);
  });

  test('but not when a pod begins to claim, as its own node looks', () => {
    const index = createPodIndex(virtualClock());
    index.put(waiting);
    expect(index.put(holder)).toEqual([told('add', [], { lookFirst: true, waitsFor: 'starting' })]);
  });

  test('but not when another of its addresses changes', () => {
    const index = createPodIndex(virtualClock());
    index.put(holder);
    index.put(waiting);
    expect(index.put(claimingPod([X]))).toEqual([told('update', [Y])]);
  });

  test('once, and not the node that looks already', () => {
    const index = createPodIndex(virtualClock());
    index.put(holder);
    for (const name of ['p3', 'p4']) index.put(claimingPod([X], { name, node: 'a' }));
    for (const name of ['p5', 'p6']) index.put(claimingPod([X], { name, node: 'b' }));
    expect(index.remove(holder)).toEqual([told('delete', [X, Y]), SHARED]);
  });
});

import { describe, expect, test } from 'vitest';
import type { Hint } from '../../../../forwarder/hints/pod-index.ts';
import { hint, start } from './mailboxes.ts';

describe('what pods let go of and nobody waits for', () => {
  const released = (name: string, node = 'a'): Hint => ({
    ...hint(name, { event: 'delete', ips: ['172.16.1.70'], node }),
    waitsFor: 'releases',
  });

  test('is gathered for three seconds', () => {
    const { mailboxes, names, clock } = start();
    mailboxes.add([released('p1')]);
    clock.advance(1_000);
    mailboxes.add([released('p2')]);
    clock.advance(1_999);
    expect(names()).toEqual([]);
    clock.advance(1);
    expect(names()).toEqual(['p1,p2']);
  });

  test('is gathered while pods of the node terminate, for five seconds at most', () => {
    const terminating = new Set(['a']);
    const { mailboxes, names, clock } = start({ terminating });
    mailboxes.add([released('p1')]);
    clock.advance(4_000);
    mailboxes.add([released('p2')]);
    clock.advance(999);
    expect(names()).toEqual([]);
    clock.advance(1);
    expect(names()).toEqual(['p1,p2']);
  });

  test('goes out at once for five nodes of which no pod terminates any more', () => {
    const terminating = new Set(['f']);
    const { mailboxes, delivered } = start({ terminating });
    for (const node of ['a', 'f', 'b', 'c', 'd']) mailboxes.add([released(`p-${node}`, node)]);
    expect(delivered).toEqual([]);
    mailboxes.add([released('p-e', 'e')]);
    expect(delivered.map(({ node }) => node)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('goes along with what the node is told at once, as observed when it was', () => {
    const { mailboxes, names, delivered, clock } = start();
    const since = clock.now();
    mailboxes.add([released('p1')]);
    clock.advance(1_000);
    mailboxes.add([hint('p2')]);
    expect(names()).toEqual(['p1,p2']);
    expect(delivered[0]?.observedAt).toBe(new Date(since).toISOString());
    clock.advance(10_000);
    expect(delivered).toHaveLength(1);
  });

  test('is delivered when it is flushed, and never when it is cleared', () => {
    const { mailboxes, names, clock } = start();
    mailboxes.add([released('p1')]);
    mailboxes.flush();
    expect(names()).toEqual(['p1']);
    clock.advance(250);
    mailboxes.add([released('p2')]);
    mailboxes.clear();
    clock.advance(10_000);
    expect(names()).toEqual(['p1']);
  });
});

test('what a pod lets go of waits for a pod of its node that starts, and goes along with it', () => {
  const starting = new Set(['a']);
  const { mailboxes, names, clock } = start({ starting });
  mailboxes.add([
    { ...hint('gone', { event: 'delete', ips: ['172.16.1.70'] }), waitsFor: 'releases' },
  ]);
  clock.advance(4_000);
  expect(names()).toEqual([]);
  mailboxes.add([hint('new')]);
  expect(names()).toEqual(['gone,new']);
});

test('what a pod lets go of waits also for a pod that begins to start only after it was let go of', () => {
  const starting = new Set<string>();
  const { mailboxes, names, clock } = start({ starting });
  mailboxes.add([
    { ...hint('gone', { event: 'delete', ips: ['172.16.1.70'] }), waitsFor: 'releases' },
  ]);
  clock.advance(2_000);
  starting.add('a');
  clock.advance(2_000);
  expect(names()).toEqual([]);
  starting.clear();
  mailboxes.add([hint('new')]);
  expect(names()).toEqual(['gone,new']);
});

test('what waits for a pod that starts goes out after five seconds without it', () => {
  const starting = new Set<string>();
  const { mailboxes, names, clock } = start({ starting });
  mailboxes.add([
    { ...hint('gone', { event: 'delete', ips: ['172.16.1.70'] }), waitsFor: 'releases' },
  ]);
  clock.advance(2_000);
  starting.add('a');
  clock.advance(2_999);
  expect(names()).toEqual([]);
  clock.advance(1);
  expect(names()).toEqual(['gone']);
});

import { describe, expect, test } from 'vitest';
import type { Hint } from '../../../../forwarder/hints/pod-index.ts';
import { hint, start } from './mailboxes.ts';

describe('when a message is delivered', () => {
  test('the first event of a quiet node is delivered at once', () => {
    const { mailboxes, delivered, clock } = start();
    mailboxes.add([hint('p1')]);
    expect(delivered).toEqual([
      {
        version: 1,
        cluster: 'demo',
        node: 'a',
        reason: 'pods',
        observedAt: new Date(clock.now()).toISOString(),
        pods: [{ event: 'add', namespace: 'default', name: 'p1', uid: 'p1', ips: [] }],
      },
    ]);
  });

  test('what follows is gathered until the node is quiet for 250 ms', () => {
    const { mailboxes, names, clock } = start();
    mailboxes.add([hint('p1')]);
    clock.advance(100);
    mailboxes.add([hint('p2')]);
    clock.advance(200);
    mailboxes.add([hint('p3')]);
    clock.advance(249);
    expect(names()).toEqual(['p1']);
    clock.advance(1);
    expect(names()).toEqual(['p1', 'p2,p3']);
  });

  test('nothing waits for more than a second, however restless the node', () => {
    const { mailboxes, delivered, clock } = start();
    mailboxes.add([hint('p0')]);
    for (let n = 1; n <= 60; n += 1) {
      clock.advance(50);
      mailboxes.add([hint(`p${n}`)]);
    }
    clock.advance(250);
    expect(delivered.flatMap(({ pods }) => pods)).toHaveLength(61);
    // 3 s of events: the first at once, then one message a second.
    expect(delivered).toHaveLength(4);
  });

  test('a node that was restless to the end of its second gathers on', () => {
    const { mailboxes, names, clock } = start();
    mailboxes.add([hint('p0')]);
    for (let n = 1; n <= 21; n += 1) {
      clock.advance(50);
      mailboxes.add([hint(`p${n}`)]);
    }
    expect(names()).toHaveLength(2);
    mailboxes.add([hint('late')]);
    expect(names()).toHaveLength(2);
  });

  test('a node that was quiet for 250 ms is quiet again', () => {
    const { mailboxes, names, clock } = start();
    mailboxes.add([hint('p1')]);
    clock.advance(250);
    mailboxes.add([hint('p2')]);
    expect(names()).toEqual(['p1', 'p2']);
  });

  test('a restless node holds up no other', () => {
    const { mailboxes, names } = start();
    mailboxes.add([hint('p1'), hint('p2', { node: 'b' })]);
    mailboxes.add([hint('p3'), hint('p4', { node: 'c' })]);
    expect(names()).toEqual(['p1', 'p2', 'p4']);
  });

  test('everything is delivered when it is flushed, and nothing when it is cleared', () => {
    const { mailboxes, names, clock } = start();
    mailboxes.add([hint('p1')]);
    mailboxes.add([hint('p2')]);
    mailboxes.flush();
    expect(names()).toEqual(['p1', 'p2']);
    mailboxes.add([hint('p3')]);
    mailboxes.add([hint('p4')]);
    mailboxes.clear();
    clock.advance(10_000);
    expect(names()).toEqual(['p1', 'p2', 'p3']);
  });
});

describe('what a message says', () => {
  test('the hints of one change are one message, those without a pod too', () => {
    const { mailboxes, delivered } = start();
    mailboxes.add([hint('p1', { event: 'delete' }), hint('p2'), { node: 'b' }]);
    expect(delivered.map(({ node, pods }) => [node, pods.length])).toEqual([
      ['a', 2],
      ['b', 0],
    ]);
  });

  test('a gathered hint without a pod is delivered', () => {
    const { mailboxes, names, clock } = start();
    mailboxes.add([hint('p1')]);
    mailboxes.add([{ node: 'a' }]);
    clock.advance(250);
    expect(names()).toEqual(['p1', '']);
  });

  test('it was observed when the oldest of its events was', () => {
    const { mailboxes, delivered, clock } = start();
    mailboxes.add([hint('p1')]);
    clock.advance(100);
    const oldest = clock.now();
    mailboxes.add([hint('p2')]);
    clock.advance(100);
    mailboxes.add([hint('p3')]);
    clock.advance(250);
    expect(delivered[1]?.observedAt).toBe(new Date(oldest).toISOString());
  });

  test('a pod is in it once, with every address that was named', () => {
    const { mailboxes, delivered, clock } = start();
    mailboxes.add([{ node: 'a' }]);
    mailboxes.add([hint('p1', { event: 'update', ips: ['172.16.1.70'] })]);
    mailboxes.add([hint('p1', { event: 'add' })]);
    mailboxes.add([hint('p1', { event: 'delete', ips: ['172.16.1.71', '172.16.1.70'] })]);
    mailboxes.add([hint('p2', { event: 'add' })]);
    mailboxes.add([hint('p2', { event: 'update', ips: ['172.16.1.72'] })]);
    clock.advance(250);
    expect(delivered[1]?.pods).toMatchObject([
      { name: 'p1', event: 'delete', ips: ['172.16.1.70', '172.16.1.71'] },
      { name: 'p2', event: 'update', ips: ['172.16.1.72'] },
    ]);
  });

  test('an address named by an update stays named when the pod is added again', () => {
    const { mailboxes, delivered, clock } = start();
    mailboxes.add([{ node: 'a' }]);
    mailboxes.add([hint('p1', { event: 'update', ips: ['172.16.1.70'] })]);
    mailboxes.add([hint('p1', { event: 'add' })]);
    clock.advance(250);
    expect(delivered[1]?.pods).toMatchObject([{ event: 'update', ips: ['172.16.1.70'] }]);
  });
});

describe('that another may have what its pods claim', () => {
  test('is said by a message if any of its news says so, and not by the next one', () => {
    const { mailboxes, delivered, clock } = start();
    mailboxes.add([hint('p1')]);
    mailboxes.add([hint('p2')]);
    mailboxes.add([{ ...hint('p3'), lookFirst: true }]);
    mailboxes.add([hint('p4')]);
    clock.advance(250);
    mailboxes.add([hint('p5')]);
    clock.advance(1_000);
    expect(delivered.map(({ lookFirst }) => lookFirst)).toEqual([undefined, true, undefined]);
  });
});

describe('what pods of other nodes claim too', () => {
  const claimedByOthers = (name: string): Hint => ({
    ...hint(name),
    lookFirst: true,
    waitsFor: 'starting',
  });

  test('is delivered at once if no other pod of the node starts', () => {
    const { mailboxes, names } = start();
    mailboxes.add([claimedByOthers('p1')]);
    expect(names()).toEqual(['p1']);
  });

  test('waits for the pods of its node that start, and goes along with the last one', () => {
    const starting = new Set(['a']);
    const { mailboxes, delivered, names, clock } = start({ starting });
    mailboxes.add([claimedByOthers('p1')]);
    clock.advance(1_000);
    mailboxes.add([claimedByOthers('p2')]);
    clock.advance(900);
    expect(names()).toEqual([]);
    starting.clear();
    mailboxes.add([claimedByOthers('p3')]);
    expect(names()).toEqual(['p1,p2,p3']);
    expect(delivered[0]?.lookFirst).toBe(true);
  });

  test('waits for two seconds at most', () => {
    const { mailboxes, names, clock } = start({ starting: new Set(['a']) });
    mailboxes.add([claimedByOthers('p1')]);
    clock.advance(1_999);
    expect(names()).toEqual([]);
    clock.advance(1);
    expect(names()).toEqual(['p1']);
  });

  test('holds up nothing else of its node', () => {
    const { mailboxes, names } = start({ starting: new Set(['a']) });
    mailboxes.add([claimedByOthers('p1')]);
    mailboxes.add([hint('p2')]);
    expect(names()).toEqual(['p1,p2']);
  });

  test('is delivered when it is flushed, and not when it is cleared', () => {
    const { mailboxes, names, clock } = start({ starting: new Set(['a']) });
    mailboxes.add([claimedByOthers('p1')]);
    mailboxes.flush();
    expect(names()).toEqual(['p1']);
    clock.advance(250);
    mailboxes.add([claimedByOthers('p2')]);
    mailboxes.clear();
    clock.advance(5_000);
    expect(names()).toEqual(['p1']);
  });
});

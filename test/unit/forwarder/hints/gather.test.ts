import { describe, expect, test } from 'vitest';
import type { Hint } from '../../../../forwarder/hints/pod-index.ts';
import { hint, start } from './gathering.ts';

describe('when a message is delivered', () => {
  test('the first event of a quiet node is delivered at once', () => {
    const { gather, delivered, clock } = start();
    gather.add([hint('p1')]);
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
    const { gather, names, clock } = start();
    gather.add([hint('p1')]);
    clock.advance(100);
    gather.add([hint('p2')]);
    clock.advance(200);
    gather.add([hint('p3')]);
    clock.advance(249);
    expect(names()).toEqual(['p1']);
    clock.advance(1);
    expect(names()).toEqual(['p1', 'p2,p3']);
  });

  test('nothing waits for more than a second, however restless the node', () => {
    const { gather, delivered, clock } = start();
    gather.add([hint('p0')]);
    for (let n = 1; n <= 60; n += 1) {
      clock.advance(50);
      gather.add([hint(`p${n}`)]);
    }
    clock.advance(250);
    expect(delivered.flatMap(({ pods }) => pods)).toHaveLength(61);
    // 3 s of events: the first at once, then one message a second.
    expect(delivered).toHaveLength(4);
  });

  test('a node that was restless to the end of its second gathers on', () => {
    const { gather, names, clock } = start();
    gather.add([hint('p0')]);
    for (let n = 1; n <= 21; n += 1) {
      clock.advance(50);
      gather.add([hint(`p${n}`)]);
    }
    expect(names()).toHaveLength(2);
    gather.add([hint('late')]);
    expect(names()).toHaveLength(2);
  });

  test('a node that was quiet for 250 ms is quiet again', () => {
    const { gather, names, clock } = start();
    gather.add([hint('p1')]);
    clock.advance(250);
    gather.add([hint('p2')]);
    expect(names()).toEqual(['p1', 'p2']);
  });

  test('a restless node holds up no other', () => {
    const { gather, names } = start();
    gather.add([hint('p1'), hint('p2', { node: 'b' })]);
    gather.add([hint('p3'), hint('p4', { node: 'c' })]);
    expect(names()).toEqual(['p1', 'p2', 'p4']);
  });

  test('everything is delivered when it is flushed, and nothing when it is cleared', () => {
    const { gather, names, clock } = start();
    gather.add([hint('p1')]);
    gather.add([hint('p2')]);
    gather.flush();
    expect(names()).toEqual(['p1', 'p2']);
    gather.add([hint('p3')]);
    gather.add([hint('p4')]);
    gather.clear();
    clock.advance(10_000);
    expect(names()).toEqual(['p1', 'p2', 'p3']);
  });
});

describe('what a message says', () => {
  test('the hints of one change are one message, those without a pod too', () => {
    const { gather, delivered } = start();
    gather.add([hint('p1', { event: 'delete' }), hint('p2'), { node: 'b' }]);
    expect(delivered.map(({ node, pods }) => [node, pods.length])).toEqual([
      ['a', 2],
      ['b', 0],
    ]);
  });

  test('a gathered hint without a pod is delivered', () => {
    const { gather, names, clock } = start();
    gather.add([hint('p1')]);
    gather.add([{ node: 'a' }]);
    clock.advance(250);
    expect(names()).toEqual(['p1', '']);
  });

  test('it was observed when the oldest of its events was', () => {
    const { gather, delivered, clock } = start();
    gather.add([hint('p1')]);
    clock.advance(100);
    const oldest = clock.now();
    gather.add([hint('p2')]);
    clock.advance(100);
    gather.add([hint('p3')]);
    clock.advance(250);
    expect(delivered[1]?.observedAt).toBe(new Date(oldest).toISOString());
  });

  test('a pod is in it once, with every address that was named', () => {
    const { gather, delivered, clock } = start();
    gather.add([{ node: 'a' }]);
    gather.add([hint('p1', { event: 'update', ips: ['172.16.1.70'] })]);
    gather.add([hint('p1', { event: 'add' })]);
    gather.add([hint('p1', { event: 'delete', ips: ['172.16.1.71', '172.16.1.70'] })]);
    gather.add([hint('p2', { event: 'add' })]);
    gather.add([hint('p2', { event: 'update', ips: ['172.16.1.72'] })]);
    clock.advance(250);
    expect(delivered[1]?.pods).toMatchObject([
      { name: 'p1', event: 'delete', ips: ['172.16.1.70', '172.16.1.71'] },
      { name: 'p2', event: 'update', ips: ['172.16.1.72'] },
    ]);
  });

  test('an address named by an update stays named when the pod is added again', () => {
    const { gather, delivered, clock } = start();
    gather.add([{ node: 'a' }]);
    gather.add([hint('p1', { event: 'update', ips: ['172.16.1.70'] })]);
    gather.add([hint('p1', { event: 'add' })]);
    clock.advance(250);
    expect(delivered[1]?.pods).toMatchObject([{ event: 'update', ips: ['172.16.1.70'] }]);
  });
});

describe('that another may have what its pods claim', () => {
  test('is said by a message if any of its news says so, and not by the next one', () => {
    const { gather, delivered, clock } = start();
    gather.add([hint('p1')]);
    gather.add([hint('p2')]);
    gather.add([{ ...hint('p3'), lookFirst: true }]);
    gather.add([hint('p4')]);
    clock.advance(250);
    gather.add([hint('p5')]);
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
    const { gather, names } = start();
    gather.add([claimedByOthers('p1')]);
    expect(names()).toEqual(['p1']);
  });

  test('waits for the pods of its node that start, and goes along with the last one', () => {
    const starting = new Set(['a']);
    const { gather, delivered, names, clock } = start({ starting });
    gather.add([claimedByOthers('p1')]);
    clock.advance(1_000);
    gather.add([claimedByOthers('p2')]);
    clock.advance(900);
    expect(names()).toEqual([]);
    starting.clear();
    gather.add([claimedByOthers('p3')]);
    expect(names()).toEqual(['p1,p2,p3']);
    expect(delivered[0]?.lookFirst).toBe(true);
  });

  test('waits for two seconds at most', () => {
    const { gather, names, clock } = start({ starting: new Set(['a']) });
    gather.add([claimedByOthers('p1')]);
    clock.advance(1_999);
    expect(names()).toEqual([]);
    clock.advance(1);
    expect(names()).toEqual(['p1']);
  });

  test('holds up nothing else of its node', () => {
    const { gather, names } = start({ starting: new Set(['a']) });
    gather.add([claimedByOthers('p1')]);
    gather.add([hint('p2')]);
    expect(names()).toEqual(['p1,p2']);
  });

  test('is delivered when it is flushed, and not when it is cleared', () => {
    const { gather, names, clock } = start({ starting: new Set(['a']) });
    gather.add([claimedByOthers('p1')]);
    gather.flush();
    expect(names()).toEqual(['p1']);
    clock.advance(250);
    gather.add([claimedByOthers('p2')]);
    gather.clear();
    clock.advance(5_000);
    expect(names()).toEqual(['p1']);
  });
});

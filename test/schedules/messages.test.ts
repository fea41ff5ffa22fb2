/** docs/design.md, "Schedules that broke earlier wordings": those of forwarder, queue and sweep. */
import { describe, expect, test, vi } from 'vitest';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
/** In no range of the network. */
const OUTSIDE = '172.16.1.200';
const EARLIEST = '2025-12-31T00:00:00Z';
const EARLIER = '2026-01-01T00:00:00Z';
const LATER = '2026-01-02T00:00:00Z';

/** Lets time pass until these messages are in the queue. */
async function waitFor(scene: Scene, ...messages: string[]): Promise<void> {
  await vi.waitFor(
    () => {
      scene.clock.advance(50);
      expect(scene.queued()).toEqual(expect.arrayContaining(messages));
    },
    { timeout: 5_000, interval: 5 },
  );
}

/** Starts a forwarder, and delivers what it says of the nodes at its start. */
async function forward(scene: Scene, ...nodes: string[]): Promise<void> {
  await scene.startForwarder();
  await waitFor(scene, ...nodes.map((node) => `${node} resync`));
  await scene.deliver();
}

describe('5: a settled conflict', () => {
  test('is reported by every sweep, and costs no message and no call that changes anything', async () => {
    const scene = await startScene();
    scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', ips: [X] });
    await scene.look('b');
    expect(p2.told()).toMatch(/^Conflict: .* ns1\/p1 on node a/);
    const before = scene.ec2.attempts();
    await scene.sweep();
    await scene.sweep();

    expect(scene.queued()).toEqual([]);
    await scene.look('b');
    expect(scene.ec2.attempts()).toEqual(before);
  });
});

describe('5: a settled conflict about more addresses than an ENI takes', () => {
  test('is reported by every sweep, and costs no message and no call that changes anything', async () => {
    const scene = await startScene();
    const [ofB, ofC] = [70, 100].map((first) =>
      Array.from({ length: 9 }, (_, index) => `172.16.1.${first + index}`),
    );
    scene.pod('p-b', { node: 'b', ips: ofB });
    scene.pod('p-c', { node: 'c', ips: ofC });
    for (const node of ['b', 'c']) await scene.look(node);
    const greedy = scene.pod('greedy', { node: 'a', ips: [...(ofB ?? []), ...(ofC ?? [])] });
    await scene.look('a');
    expect(greedy.told()).toMatch(/^Conflict: /);
    const before = scene.ec2.attempts();
    await scene.sweep();
    await scene.sweep();

    expect(scene.queued()).toEqual([]);
    await scene.look('a');
    expect(scene.ec2.attempts()).toEqual(before);
  });
});

describe('6: the loser on another node hears of it without a sweep', () => {
  test('that the holder is gone', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', namespace: 'ns1', ips: [X] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await forward(scene, 'a', 'b');
    expect(p2.told()).toMatch(/^Conflict: /);
    p1.remove();
    await waitFor(scene, 'a pods', 'b pods');
    await scene.deliver();

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
  });

  test('that the holder is terminating', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', ips: [X] });
    await forward(scene, 'a', 'b');
    expect(p2.told()).toMatch(/^Conflict: /);
    p1.terminate();
    await waitFor(scene, 'b pods');
    await scene.deliver();

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
  });

  test('that the holder claims it as from an earlier time', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', floating: [{ ip: X, since: LATER }] });
    await scene.look('a');
    const p2 = scene.pod('p2', { node: 'b', floating: [{ ip: X, since: EARLIER }] });
    await forward(scene, 'a', 'b');
    expect(p2.told()).toMatch(/^Conflict: /);
    p1.claim({ floating: [{ ip: X, since: EARLIEST }] });
    await waitFor(scene, 'b pods');
    await scene.deliver();

    expect(scene.ec2.whereIs(X)).toBe('b/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
  });
});

describe('7: Multus empties the annotation before the pod’s object goes', () => {
  test('an address outside the ranges is released', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [OUTSIDE] });
    await forward(scene, 'a');
    expect(scene.ec2.whereIs(OUTSIDE)).toBe('a/eth1');
    p1.claim({});
    p1.remove();
    await waitFor(scene, 'a pods');
    await scene.deliver();

    expect(scene.ec2.whereIs(OUTSIDE)).toBe('nowhere');
  });
});

describe('9: the same again within five minutes', () => {
  test('a pod that claims, drops and claims again is served each time', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [OUTSIDE] });
    await forward(scene, 'a');
    for (const ips of [[], [OUTSIDE], [], [OUTSIDE], []]) {
      p1.claim({ ips });
      await waitFor(scene, 'a pods');
      await scene.deliver();
      expect(scene.ec2.whereIs(OUTSIDE)).toBe(ips.length > 0 ? 'a/eth1' : 'nowhere');
    }
  });

  test('a sweep that finds the same node drifting sends its message again', async () => {
    const scene = await startScene();
    const leftover = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    leftover.remove();
    await scene.sweep();
    await scene.sweep();
    expect(scene.queued()).toEqual(['a sweep', 'a sweep']);
  });
});

/** docs/design.md, "Schedules that broke earlier wordings": those of what an operator stops. */
import { describe, expect, test } from 'vitest';
import { startScene } from './scene.ts';

const X = '172.16.1.70';
/** In no range of the network. */
const OUTSIDE = '172.16.1.200';
/** What was not read is asked for again after this. */
const ASKED_AGAIN_MS = 5_000;
const FAILED = { batchItemFailures: [{ itemIdentifier: expect.any(String) }] };

/** A cluster whose execution environments cannot read what is stopped, until SSM recovers. */
async function startUnread() {
  let isDown = true;
  const scene = await startScene({
    readSettings: async () => {
      if (isDown) throw new Error('AccessDeniedException');
      return undefined;
    },
  });
  const recover = (): void => {
    isDown = false;
    scene.clock.advance(ASKED_AGAIN_MS);
  };
  return { scene, recover };
}

describe('43: SSM does not say what is stopped, so nothing is released', () => {
  test('what a pod let go of is released once SSM says that nothing is stopped', async () => {
    const { scene, recover } = await startUnread();
    const p1 = scene.pod('p1', { node: 'a', ips: [OUTSIDE] });
    await scene.look('a');
    expect(p1.told()).toMatch(/^Assigned: /);
    p1.remove();
    const gone = p1.gone(OUTSIDE);
    expect(await scene.reconcile('a', gone).finish()).toEqual(FAILED);
    expect(scene.ec2.whereIs(OUTSIDE)).toBe('a/eth1');

    recover();
    await scene.look('a', gone, 2);
    expect(scene.ec2.whereIs(OUTSIDE)).toBe('nowhere');
    await scene.expectSettled();
  });

  test('a pod gets the address that another passes on once SSM says so', async () => {
    const { scene, recover } = await startUnread();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    p1.terminate();
    const p2 = scene.pod('p2', { node: 'b', ips: [X] });
    expect(await scene.reconcile('b').finish()).toEqual(FAILED);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');

    recover();
    await scene.look('b', {}, 2);
    expect(p2.told()).toMatch(/^Assigned: /);
  });

  test('a message does not wait for ever: its fifth receive leaves the release to the sweep', async () => {
    const { scene, recover } = await startUnread();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    p1.remove();
    expect(await scene.reconcile('a', p1.gone(X), 4).finish()).toEqual(FAILED);
    await scene.look('a', p1.gone(X), 5);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');

    recover();
    await scene.sweep();
    await scene.deliver();
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
  });

  test('what fits without a release is done at once, and its message is done with', async () => {
    const { scene } = await startUnread();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    expect(p1.told()).toMatch(/^Assigned: /);
  });
});

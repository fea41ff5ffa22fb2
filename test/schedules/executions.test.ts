/** docs/design.md, "Schedules that broke earlier wordings": two executions for one node. */
import { describe, expect, test } from 'vitest';
import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import { type Scene, startScene } from './scene.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
/** The queue's visibility timeout. */
const INVISIBLE_MS = 360_000;
const DONE = { batchItemFailures: [] };
const FAILED = { batchItemFailures: [{ itemIdentifier: expect.any(String) }] };
const WRITES = /^(Assign|Unassign|setPodCondition|writeEvent)/;

/** P1 at A had X and is gone, which a message tells. */
async function abandon(scene: Scene) {
  const p1 = scene.pod('p1', { node: 'a', ips: [X] });
  await scene.look('a');
  p1.remove();
  await scene.send('a', p1.gone(X));
  return p1;
}

async function receive(scene: Scene) {
  const delivery = await scene.receive();
  if (delivery === undefined) throw new Error('SQS hands out no message');
  return delivery;
}

describe('19: Lambda begins an execution when its message is about to be seen by others', () => {
  test('nobody else gets the node before it has written', async () => {
    const scene = await startScene();
    const p1 = await abandon(scene);
    const first = await receive(scene);
    scene.clock.advance(INVISIBLE_MS - 100);
    const releasing = scene.begin(first);
    await releasing.until('UnassignPrivateIpAddresses');
    scene.clock.advance(200);
    const p2 = scene.pod('p2', { node: 'a', ips: [X] });
    await scene.send('a', p1.gone());

    expect(await scene.receive()).toBeUndefined();
    expect(await releasing.finish()).toEqual(DONE);
    await first.remove();
    await scene.deliver();
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('nobody else gets it while it may still be writing, and somebody does when it has died', async () => {
    const scene = await startScene();
    await abandon(scene);
    const dying = scene.begin(await receive(scene));
    await dying.until('UnassignPrivateIpAddresses');
    dying.kill();
    scene.clock.advance(60_000);
    expect(await scene.receive()).toBeUndefined();
    scene.clock.advance(30_000);
    const again = await receive(scene);
    expect(await scene.begin(again).finish()).toEqual(DONE);
    await again.remove();

    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    await scene.expectSettled();
  });
});

describe('19: an execution begins when its message is somebody else’s', () => {
  test('it writes nothing, and has its message neither deleted nor shown to others', async () => {
    const scene = await startScene();
    await abandon(scene);
    const first = await receive(scene);
    scene.clock.advance(INVISIBLE_MS);
    const second = await receive(scene);
    const p2 = scene.pod('p2', { node: 'a', ips: [X] });
    const before = scene.ec2.attempts();
    const late = scene.begin(first);

    expect(await late.finish()).toEqual(FAILED);
    expect(late.calls.filter((call) => WRITES.test(call))).toEqual([]);
    expect(scene.ec2.attempts()).toEqual(before);
    expect(await scene.receive()).toBeUndefined();
    expect(await scene.begin(second).finish()).toEqual(DONE);
    await second.remove();
    expect(p2.told()).toMatch(/^Assigned: /);
    await scene.expectSettled();
  });

  test('also if nobody has received it again yet', async () => {
    const scene = await startScene();
    await abandon(scene);
    const first = await receive(scene);
    scene.clock.advance(INVISIBLE_MS);
    const late = scene.begin(first);

    expect(await late.finish()).toEqual(FAILED);
    expect(late.calls.filter((call) => WRITES.test(call))).toEqual([]);
    await scene.deliver();
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
  });

  test('also if the other one is done by then', async () => {
    const scene = await startScene();
    await abandon(scene);
    const first = await receive(scene);
    scene.clock.advance(INVISIBLE_MS);
    await scene.deliver();
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    const p2 = scene.pod('p2', { node: 'a', ips: [X] });
    const late = scene.begin(first);

    expect(await late.finish()).toEqual(FAILED);
    expect(late.calls.filter((call) => WRITES.test(call))).toEqual([]);
    expect(p2.told()).toBe('');
  });
});

describe('54: a look of no pod’s news keeps X and assigns Y for one pod, and another execution releases X', () => {
  test('the pod is told that it has X only if it has', async () => {
    const scene = await startScene({ enis: 2 });
    const [, eth1, eth2] = scene.worker('a').enis;
    const { objects } = scene.world.cluster.kubernetes;
    const p1 = scene.pod('p1', { node: 'a', ips: [X], mac: eth1?.mac });
    await scene.look('a');
    const claim = (...of: readonly (readonly [string, string | undefined])[]): void => {
      const networks = of.map(([ip, mac], index) => {
        return { name: 'default/net-1', interface: `net${index + 1}`, ips: [ip], mac };
      });
      const annotations = { [NETWORK_STATUS]: JSON.stringify(networks) };
      objects.patch('pods', { namespace: 'ns1', name: 'p1' }, { metadata: { annotations } });
    };
    claim([X, eth1?.mac], [Y, eth2?.mac]);
    const sweeping = scene.reconcile('a', { reason: 'sweep' });
    await sweeping.until('writeLedger');
    claim();
    await scene.look('a');
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    claim([X, eth1?.mac], [Y, eth2?.mac]);

    expect(await sweeping.finish()).toEqual(DONE);
    expect(p1.told()).toContain(X);
    expect(scene.ec2.whereIs(X)).toBe('a/eth1');
    await scene.expectSettled();
  });
});

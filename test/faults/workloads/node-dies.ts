import type { Workload } from '../harness/workload.ts';

const X = { network: 'net-1', ip: '172.16.1.80' } as const;
const Y = { network: 'net-1', ip: '172.16.1.81' } as const;

/** A node dies with its pods, which are force-deleted, and their addresses are wanted elsewhere. */
export const nodeDies: Workload = {
  name: 'node dies',
  workers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }],
  async play({ pod, wait, sweep, world, cluster }) {
    const first = pod('first', { node: 'a' });
    const second = pod('second', { node: 'a' });
    first.attach(X);
    await wait(20);
    second.attach(Y);
    await wait(1_500);
    // The kubelet is dead: evicted pods stay terminating, and one is replaced meanwhile.
    first.terminate();
    second.terminate();
    await wait(400);
    const replacement = pod('first-again', { node: 'b' });
    await wait(250);
    replacement.attach(X);
    await wait(900);
    sweep();
    first.remove();
    await wait(300);
    cluster.api.objects.delete('nodes', { name: 'a' });
    await wait(300);
    second.remove();
    const late = pod('second-again', { node: 'b' });
    // What is left on the dead node's ENI is wanted by two at once, of whom neither yields to the other.
    const rival = pod('rival', { node: 'c', namespace: 'other' });
    await wait(200);
    late.attach(Y);
    rival.attach(Y);
    await wait(1_000);
    world.ec2.terminateInstance(cluster.worker('a').instanceId);
    await wait(2_000);
    // The Auto Scaling group replaces it, under the same name.
    cluster.addWorker({ name: 'a' });
    await wait(40_000);
    const newcomer = pod('newcomer', { node: 'a' });
    await wait(250);
    newcomer.attach({ network: 'net-1', ip: '172.16.1.82' });
    await wait(2_000);
  },
};

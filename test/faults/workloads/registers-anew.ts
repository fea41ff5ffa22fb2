import type { Workload } from '../harness/workload.ts';

const X = { network: 'net-1', ip: '172.16.1.70' } as const;
const Y = { network: 'net-1', ip: '172.16.1.71' } as const;

/** A Node is deleted and registers anew. News of its pods comes meanwhile, and no other news follows. */
export const registersAnew: Workload = {
  name: 'a Node registers anew',
  workers: [{ name: 'a' }, { name: 'b' }],
  async play({ pod, wait, cluster }) {
    const { objects } = cluster.api;
    const first = pod('first', { node: 'a' });
    const second = pod('second', { node: 'a' });
    await wait(100);
    first.attach(X);
    await wait(1_000);
    objects.delete('nodes', { name: 'a' });
    await wait(200);
    second.attach(Y);
    await wait(1_500);
    cluster.addNode(cluster.worker('a'));
    await wait(10_000);
  },
};

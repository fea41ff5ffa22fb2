import type { Workload } from '../harness/workload.ts';

const CONTESTED = { network: 'net-1', ip: '172.16.1.90' } as const;

/** Two clusters share a VPC, an account and the queue, and once claim the same address. */
export const twoClusters: Workload = {
  name: 'two clusters in one VPC',
  clusters: ['one', 'two'],
  workers: [
    { name: 'a', cluster: 'one' },
    { name: 'a', cluster: 'two' },
  ],
  async play({ pod, wait, sweep }) {
    const one = pod('app', { node: 'a', cluster: 'one' });
    const two = pod('app', { node: 'a', cluster: 'two' });
    await wait(200);
    one.attach({ network: 'net-1', ip: '172.16.1.70' }, CONTESTED);
    await wait(400);
    two.attach({ network: 'net-1', ip: '172.16.1.71' }, CONTESTED);
    await wait(900);
    sweep();
    await wait(600);
    const more = pod('more', { node: 'a', cluster: 'two' });
    await wait(200);
    more.attach({ network: 'net-1', ip: '172.16.1.72' });
    await wait(500);
    more.terminate();
    await wait(150);
    more.remove();
    await wait(2_000);
  },
};

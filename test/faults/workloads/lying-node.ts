import type { Workload } from '../harness/workload.ts';

const X = { network: 'net-1', ip: '172.16.1.70' } as const;
const Y = { network: 'net-1', ip: '172.16.1.71' } as const;

/** A Node of one cluster names the instance of another, whose pods have addresses in ranges of both. */
export const lyingNode: Workload = {
  name: 'a Node that lies',
  clusters: ['one', 'two'],
  workers: [
    { name: 'a', cluster: 'one' },
    { name: 'b', cluster: 'two' },
  ],
  async play({ pod, wait, sweep, clusterNamed }) {
    const victim = clusterNamed('one').worker('a');
    const mac = victim.enis[1]?.mac ?? 'none';
    pod('app', { node: 'a', cluster: 'one' }).attach(X);
    await wait(1_000);
    clusterNamed('two').addNode({ ...victim, name: 'liar' });
    const lied = pod('lied', { node: 'liar', cluster: 'two' });
    const fair = pod('fair', { node: 'b', cluster: 'two' });
    await wait(300);
    lied.attach({ ...Y, mac });
    fair.attach({ network: 'net-1', ip: '172.16.1.72' });
    await wait(1_000);
    sweep();
    await wait(500);
    // It names what the other cluster's pod has.
    lied.attach({ ...X, mac });
    await wait(500);
    lied.remove();
    await wait(2_000);
  },
};

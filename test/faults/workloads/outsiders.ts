import type { Workload } from '../harness/workload.ts';

const X = { network: 'net-1', ip: '172.16.1.80' } as const;
const Y = { network: 'net-1', ip: '172.16.1.81' } as const;
const VIP = '172.16.1.200';

/** Pods on nodes that are no EC2 instances claim what pods on workers claim: they hold nothing. */
export const outsiders: Workload = {
  name: 'Fargate and hybrid nodes',
  workers: [{ name: 'a' }, { name: 'b' }],
  async prepare({ cluster }) {
    cluster.addOutsider('fargate', 'fargate');
    cluster.addOutsider('hybrid', 'hybrid');
  },
  async play({ pod, wait, sweep, cluster }) {
    const first = pod('first', { node: 'a' });
    first.attach(X);
    const second = pod('second', { node: 'a' });
    second.attach(Y);
    second.float([{ ip: VIP }]);
    await wait(500);
    const serverless = pod('serverless', { node: 'fargate', gated: true });
    await wait(200);
    serverless.attach(X, Y);
    const edge = pod('edge', { node: 'hybrid', gated: true });
    edge.float([{ ip: VIP }]);
    await wait(500);
    // Nobody else claims it, so it is released, although a pod on Fargate claims it.
    first.terminate();
    await wait(200);
    first.remove();
    await wait(500);
    const next = pod('next', { node: 'b', namespace: 'other' });
    next.attach(X);
    sweep();
    await wait(500);
    // A node dies: what is left on its ENI is wanted by a pod on another one.
    second.terminate();
    await wait(100);
    cluster.api.objects.delete('nodes', { name: 'a' });
    second.remove();
    await wait(200);
    const heir = pod('heir', { node: 'b', namespace: 'other' });
    heir.attach(Y);
    heir.float([{ ip: VIP }]);
    await wait(1_000);
    cluster.addNode(cluster.worker('a'));
    edge.terminate();
    await wait(300);
    edge.remove();
    serverless.remove();
    await wait(2_000);
  },
};

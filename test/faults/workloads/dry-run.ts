import type { Workload } from '../harness/workload.ts';

/** The first look changes nothing, then everything is in earnest, and later the policy is dry-run once more. */
export const dryRun: Workload = {
  name: 'dry-run',
  workers: [{ name: 'a' }],
  policy: 'dry-run',
  unannounced: true,
  async play({ pod, wait, deploy, sweep, lookAtAll }) {
    const first = pod('first', { node: 'a', gated: true });
    first.attach({ network: 'net-1', ip: '172.16.1.70' });
    await wait(2_000);
    deploy('sync');
    sweep();
    await wait(3_000);
    deploy('dry-run');
    const second = pod('second', { node: 'a' });
    second.attach({ network: 'net-1', ip: '172.16.1.71' });
    lookAtAll();
    await wait(2_000);
    first.terminate();
    await wait(100);
    first.remove();
    await wait(3_000);
    deploy('sync');
    sweep();
    lookAtAll();
    await wait(3_000);
  },
};

import type { Workload } from '../harness/workload.ts';

/** An operator stops releases, then everything, and resumes, while pods come, go and swap an address. */
export const stopped: Workload = {
  name: 'stopped',
  workers: [{ name: 'a' }, { name: 'b' }],
  unannounced: true,
  async play({ pod, wait, stop, sweep, lookAtAll }) {
    const first = pod('first', { node: 'a' });
    first.attach({ network: 'net-1', ip: '172.16.1.70' });
    const second = pod('second', { node: 'a' });
    second.attach({ network: 'net-1', ip: '172.16.1.71' });
    await wait(1_000);
    stop('upsert-only');
    await wait(4_000);
    first.terminate();
    await wait(100);
    const again = pod('first-again', { node: 'b' });
    again.attach({ network: 'net-1', ip: '172.16.1.70' });
    await wait(300);
    first.remove();
    await wait(6_000);
    stop('dry-run');
    await wait(5_000);
    const third = pod('third', { node: 'b' });
    third.attach({ network: 'net-1', ip: '172.16.1.72' });
    second.terminate();
    await wait(200);
    second.remove();
    await wait(7_000);
    stop();
    await wait(6_000);
    sweep();
    lookAtAll();
    await wait(1_000);
    third.terminate();
    await wait(100);
    third.remove();
    // Who could not read that nothing is stopped asks again after five seconds.
    await wait(7_000);
  },
};

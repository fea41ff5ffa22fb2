import type { Workload } from '../harness/workload.ts';

/** The guide's two pods: one with an attachment, and one with two on the same worker, and with IPv6. */
export const guide: Workload = {
  name: 'guide',
  workers: [{ name: 'a' }, { name: 'b' }],
  networks: ['net-1', 'net-2', 'net-6'],
  async play({ pod, wait, sweep, sendMalformed }) {
    const single = pod('sampleapp', { node: 'a' });
    await wait(300);
    single.attach({ network: 'net-1', ip: '172.16.1.70' });
    await wait(40);
    sendMalformed('a');
    const dual = pod('sampleapp-dual', { node: 'a', gated: true });
    await wait(300);
    dual.attach(
      { network: 'net-1', ip: '172.16.1.71' },
      { network: 'net-2', ip: '172.16.3.70' },
      { network: 'net-6', ip: '2600:1f18:1111:1::70' },
    );
    await wait(400);
    sweep();
    await wait(600);
    single.terminate();
    await wait(700);
    single.remove();
    await wait(100);
    const again = pod('sampleapp', { node: 'b' });
    await wait(300);
    again.attach({ network: 'net-1', ip: '172.16.1.70' });
    await wait(400);
    dual.terminate();
    await wait(300);
    dual.remove();
    await wait(2_000);
  },
};

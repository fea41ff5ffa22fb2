import type { Workload } from '../harness/workload.ts';

const VIP = '172.16.1.200';

/** A floating address fails over to its standby, back again, and over once more as its pod goes. */
export const floating: Workload = {
  name: 'floating address fails over',
  workers: [{ name: 'a' }, { name: 'b' }],
  async play({ pod, wait, sweep, world: { clock } }) {
    const now = () => new Date(clock.now()).toISOString();
    const one = pod('one', { node: 'a' });
    const two = pod('two', { node: 'b' });
    one.attach({ network: 'net-1', ip: '172.16.1.71' });
    two.attach({ network: 'net-1', ip: '172.16.1.72' });
    await wait(500);
    one.float([{ ip: VIP, since: now() }]);
    await wait(800);
    two.float([{ ip: VIP, since: now() }]);
    await wait(900);
    sweep();
    await wait(400);
    one.float([{ ip: VIP, since: now() }]);
    await wait(800);
    two.float([]);
    await wait(600);
    one.terminate();
    two.float([{ ip: VIP, since: now() }]);
    await wait(700);
    one.remove();
    await wait(2_000);
  },
};

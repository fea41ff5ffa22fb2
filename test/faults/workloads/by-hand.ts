import { SETTLES_MS, type Workload } from '../harness/workload.ts';
import { callByHand } from '../world/others.ts';

/** In net-1's range, and in none. */
const IN_RANGE = ['172.16.1.75', '172.16.1.76'] as const;
const OUTSIDE = ['172.16.1.241', '172.16.1.242', '172.16.1.243'] as const;
const IPV6 = ['2600:1f18:1111:1::5', '2600:1f18:1111:1::75'] as const;

/**
 * Somebody else assigns addresses to our ENIs, and takes some away. What no pod claims is foreign, and stays;
 * what a pod claims there is adopted; what is on another ENI is not taken from there.
 */
export const byHand: Workload = {
  name: 'addresses assigned by hand',
  workers: [{ name: 'a' }, { name: 'b' }],
  networks: ['net-1', 'net-6', 'loose'],
  unannounced: true,
  async play({ pod, wait, sweep, world, cluster }) {
    const hand = callByHand.bind(undefined, world, cluster);
    const first = pod('first', { node: 'a' });
    first.attach({ network: 'net-1', ip: '172.16.1.70' });
    await wait(300);
    hand('AssignPrivateIpAddresses', 'a', IN_RANGE[0], OUTSIDE[0]);
    hand('AssignPrivateIpAddresses', 'b', IN_RANGE[1], OUTSIDE[1]);
    hand('AssignIpv6Addresses', 'a', ...IPV6);
    await wait(100);
    const second = pod('second', { node: 'a' });
    second.attach({ network: 'net-1', ip: '172.16.1.71' });
    await wait(500);
    // Of another node, and nobody's: whether a range has it does not matter.
    const third = pod('third', { node: 'a' });
    third.attach({ network: 'net-1', ip: IN_RANGE[1] }, { network: 'loose', ip: OUTSIDE[1] });
    await wait(500);
    sweep();
    await wait(500);
    third.remove();
    await wait(300);
    // A pod finds it where it is to be, and lets go of it.
    hand('AssignPrivateIpAddresses', 'a', OUTSIDE[2]);
    const fourth = pod('fourth', { node: 'a' });
    fourth.attach({ network: 'loose', ip: OUTSIDE[2] });
    await wait(500);
    fourth.terminate();
    await wait(SETTLES_MS);
    hand('UnassignPrivateIpAddresses', 'a', '172.16.1.70');
    await wait(200);
    fourth.remove();
    await wait(500);
    hand('AssignPrivateIpAddresses', 'b', '172.16.1.71');
    await wait(100);
    const last = pod('last', { node: 'a' });
    last.attach({ network: 'net-1', ip: '172.16.1.72' });
    const other = pod('other', { node: 'b' });
    other.attach({ network: 'net-1', ip: '172.16.1.73' });
    await wait(2_500);
  },
};

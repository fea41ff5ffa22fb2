import type { Workload } from '../harness/workload.ts';
import { lowestFree } from './addresses.ts';

/** Eleven pods where nine addresses fit: two wait, and are served when others go. */
export const eniFull: Workload = {
  name: 'ENI full, then freed',
  workers: [{ name: 'a' }, { name: 'b' }],
  async play({ pod, wait, sweep }) {
    const addresses = lowestFree('172.16.1.', 70);
    const pods = [];
    for (let index = 0; index < 11; index += 1) {
      const created = pod(`p-${index}`, { node: 'a' });
      created.attach({ network: 'net-1', ip: addresses.take() });
      pods.push(created);
      await wait(30);
    }
    await wait(1_500);
    sweep();
    await wait(500);
    for (const going of pods.slice(2, 5)) {
      going.terminate();
      await wait(60);
      going.remove();
    }
    await wait(3_000);
  },
};

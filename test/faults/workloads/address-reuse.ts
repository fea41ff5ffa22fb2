import type { Workload } from '../harness/workload.ts';
import { lowestFree } from './addresses.ts';

/** Longer than what pods let go of is gathered (forwarder/hints). */
const GATHERED_MS = 4_000;

/** The lowest free address goes from pod to pod within a second, while the old pod's object is still there. */
export const addressReuse: Workload = {
  name: 'address reuse within 1 s',
  workers: [{ name: 'a' }, { name: 'b' }],
  async play({ pod, wait, sweep }) {
    const addresses = lowestFree('172.16.1.', 70);
    const start = async (name: string, node: string) => {
      const created = pod(name, { node });
      await wait(150);
      const ip = addresses.take();
      created.attach({ network: 'net-1', ip });
      return { created, ip };
    };
    await start('stays', 'b');
    let last = await start('job-0', 'a');
    for (const [index, node] of ['b', 'a', 'a'].entries()) {
      await wait(450);
      last.created.terminate();
      await wait(100);
      addresses.free(last.ip);
      const next = start(`job-${index + 1}`, node);
      if (index === 1) sweep();
      await wait(200);
      last.created.remove();
      last = await next;
    }
    // Now and then the object goes first, and the address is nobody's: too short to be released, or not.
    for (const [index, pauseMs] of [0, GATHERED_MS, 0, GATHERED_MS].entries()) {
      await wait(500);
      last.created.remove();
      addresses.free(last.ip);
      await wait(pauseMs);
      last = await start(`late-${index}`, 'b');
    }
    await wait(2_500);
  },
};

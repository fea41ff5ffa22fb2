import type { Workload } from '../harness/workload.ts';

/** In a range, and in none. */
const IN_RANGE = { network: 'net-1', ip: '172.16.1.100' } as const;
const LOOSE = { network: 'loose', ip: '172.16.1.240' } as const;

/** Longer than a late event takes. */
const LONG_MS = 200_000;

/** The pod of a StatefulSet comes back under its name, with another uid, on another node or the same. */
export const statefulSet: Workload = {
  name: 'StatefulSet pod moves',
  workers: [{ name: 'a' }, { name: 'b' }],
  networks: ['net-1', 'loose'],
  async play({ pod, wait, sweep, breakWatches }) {
    for (const node of ['a', 'b', 'a', 'a']) {
      const db = pod('db-0', { node });
      await wait(250);
      db.attach(IN_RANGE, LOOSE);
      await wait(600);
      if (node === 'b') sweep();
      await wait(700);
      if (node === 'a') db.terminate();
      await wait(300);
      // Multus 3 empties the annotation when it detaches the pod.
      if (node === 'b') db.attach();
      await wait(50);
      // What happens while nobody watches is seen by what is no longer there.
      if (node === 'b') breakWatches();
      db.remove();
      await wait(10);
    }
    const last = pod('db-0', { node: 'b' });
    await wait(250);
    last.attach(IN_RANGE, LOOSE);
    await wait(LONG_MS);
    last.terminate();
    await wait(500);
    last.remove();
    await wait(2_000);
  },
};

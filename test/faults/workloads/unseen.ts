import type { Workload } from '../harness/workload.ts';

/** More than fit on an ENI, and in no range. */
const LOOSE = Array.from({ length: 14 }, (_, index) => {
  return { network: 'loose', ip: `172.16.1.${235 + index}` } as const;
});

/** A pod claims more addresses outside the ranges than its ENI takes, and goes: most of them were nowhere. */
export const unseen: Workload = {
  name: 'many unseen addresses',
  workers: [{ name: 'a' }, { name: 'b' }],
  networks: ['net-1', 'loose'],
  async play({ pod, wait }) {
    const greedy = pod('greedy', { node: 'a' });
    await wait(50);
    greedy.attach(...LOOSE);
    await wait(1_500);
    const next = pod('next', { node: 'a' });
    greedy.terminate();
    await wait(60);
    greedy.attach();
    await wait(60);
    greedy.remove();
    next.attach({ network: 'net-1', ip: '172.16.1.70' });
    await wait(3_000);
  },
};

import type { Workload } from '../harness/workload.ts';
import type { VirtualPod } from '../world/pods.ts';
import { lowestFree } from './addresses.ts';

const NODES = ['a', 'b', 'c'];

/** How many. */
const PODS = 30;

/** Many pods are attached within a few hundredths of a second, on three nodes. */
export function manyPods(): Workload {
  let pods: VirtualPod[] = [];
  return {
    name: `${PODS} pods at once`,
    workers: NODES.map((name) => ({ name, instanceType: 'm5.24xlarge' })),
    async prepare({ pod }) {
      pods = Array.from({ length: PODS }, (_, index) =>
        pod(`p-${index}`, { node: NODES[index % NODES.length] ?? 'a' }),
      );
    },
    async play({ wait, sweep }) {
      const addresses = lowestFree('172.16.1.', 70);
      for (const [index, created] of pods.entries()) {
        created.attach({ network: 'net-1', ip: addresses.take() });
        if (index % 10 === 9) await wait(10);
      }
      await wait(1_000);
      sweep();
      await wait(3_000);
    },
  };
}

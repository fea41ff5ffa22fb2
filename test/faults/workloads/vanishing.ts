import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import type { Player, Workload } from '../harness/workload.ts';
import type { VirtualPod } from '../world/pods.ts';
import { lowestFree } from './addresses.ts';

/**
 * How many pods each node has. Those of all nodes but `e` vanish: of `c` with the DaemonSet's, and of `d` as few
 * as one process may release without counting.
 */
const PODS = { a: 18, b: 16, c: 4, d: 4, e: 4 } as const;
/** A node without any pod is believed after a minute. ms */
const BELIEVED_MS = 65_000;

/**
 * etcd is restored from a backup: the objects of most pods are gone, the Nodes are not, and the pods run on.
 * Meanwhile a pod ends before everybody's eyes. Then the objects are there again.
 */
export function vanishing(): Workload {
  let ends: VirtualPod | undefined;
  return {
    name: 'pods vanish',
    workers: Object.keys(PODS).map((name) => ({ name, instanceType: 'm5.4xlarge' })),
    unannounced: true,
    async prepare(player) {
      const addresses = lowestFree('172.16.1.', 70);
      for (const [node, count] of Object.entries(PODS)) {
        ends = start(player, { node, count }, addresses);
      }
    },
    async play({ vanish, wait, sweep, lookAtAll }) {
      const comeBack = vanish(isGone);
      await wait(2_000);
      ends?.terminate();
      await wait(300);
      ends?.remove();
      await wait(700);
      sweep();
      await wait(BELIEVED_MS);
      lookAtAll();
      await wait(2_000);
      comeBack();
      await wait(5_000);
    },
  };
}

/** @returns the last pod. */
function start(
  { pod }: Player,
  { node, count }: { readonly node: string; readonly count: number },
  addresses: ReturnType<typeof lowestFree>,
): VirtualPod | undefined {
  let last: VirtualPod | undefined;
  for (let index = 0; index < count; index += 1) {
    last = pod(`${node}-${index}`, { node });
    last.attach({ network: 'net-1', ip: addresses.take() });
  }
  return last;
}

function isGone({ metadata, spec }: KubeObject): boolean {
  const isDaemon = metadata.namespace === 'kube-system';
  return isDaemon ? spec?.nodeName === 'c' : spec?.nodeName !== 'e';
}

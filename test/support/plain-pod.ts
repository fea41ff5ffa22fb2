import type { Pod } from '../../shared/cluster/kubernetes.ts';

/** A live pod on `node-a` with nothing special to it but what is given. */
export function plainPod(more: Partial<Pod> = {}): Pod {
  return {
    namespace: 'default',
    name: 'app',
    uid: 'uid-app',
    node: 'node-a',
    createdAt: 0,
    terminating: false,
    finished: false,
    hostNetwork: false,
    gated: false,
    annotations: {},
    ...more,
  };
}

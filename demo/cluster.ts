import type { Worker } from '../sandbox/worker.ts';
import type { World } from '../sandbox/world.ts';
import type { Pod } from '../shared/cluster/kubernetes.ts';

/** The cluster that the demo plays on, whatever parts it is made of. */
export interface DemoCluster {
  readonly name: string;
  /** The text of its administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** The forwarder's kubeconfig, and the namespace of its Lease. */
  readonly forwarder: { readonly kubeconfig: string; readonly namespace: string };
  readonly workers: { readonly first: Worker; readonly second: Worker };
  /** Where the samples' own image is not to be had. */
  readonly image?: string;
  /** Whether the VPC delivers what is sent to a pod's address. */
  reachable(pod: Pod, address: string): Promise<boolean>;
  /** Calls `listener` for every pod that is there, and at each change, until the returned function is called. */
  followPods(listener: (pod: Pod) => void): () => void;
  /** Runs a command in a pod; absent if pods run no programs. @returns what it writes. */
  exec?(pod: string, command: readonly string[]): Promise<string>;
}

/** Starts one in a world's account, known to its EKS by the name of the world's own. It ends with `resources`. */
export type StartCluster = (world: World, resources: AsyncDisposableStack) => Promise<DemoCluster>;

/** The first worker and the second; the sample events name the second. */
export const NODE_NAMES = ['ip-172-16-0-20.ec2.internal', 'ip-172-16-0-10.ec2.internal'] as const;

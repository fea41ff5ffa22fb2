import type { Controls } from './ec2/controls.ts';
import type { Nodes } from './kubernetes/nodes/nodes.ts';

/** An ENI that a worker gets beside eth0. */
export interface WorkerEni {
  /** Device index; on the worker it is `eth<index>`. */
  readonly deviceIndex: number;
  readonly subnetId: string;
  /** Default: it carries the managed tag. */
  readonly tagged?: boolean;
  readonly primary?: string;
  readonly ipv6?: readonly string[];
}

/** A worker of a cluster: a Node, and the instance that it names. */
export interface Worker {
  readonly name: string;
  readonly instanceId: string;
  /** By device index; index 0 is the VPC CNI's. */
  readonly enis: readonly {
    readonly id: string;
    readonly deviceIndex: number;
    readonly mac: string;
    readonly subnetId: string;
  }[];
}

export const MANAGED_TAG = { 'node.k8s.amazonaws.com/no_manage': 'true' };

/** Launches an instance with its ENIs, without a Node yet. */
export function launchWorker(
  ec2: Pick<Controls, 'addInstance'>,
  options: {
    readonly cluster: string;
    readonly name?: string;
    readonly instanceType?: string;
    readonly nodeSubnetId: string;
    readonly enis: readonly WorkerEni[];
  },
): Worker & { readonly address: string; readonly instanceType: string } {
  const clusterTag = { [`kubernetes.io/cluster/${options.cluster}`]: 'owned' };
  const instanceType = options.instanceType ?? 'm5.large';
  const instance = ec2.addInstance({
    type: instanceType,
    tags: clusterTag,
    enis: [
      { deviceIndex: 0, subnetId: options.nodeSubnetId, tags: clusterTag },
      ...options.enis.map(({ tagged = true, ...eni }) => ({
        ...eni,
        tags: tagged ? { ...clusterTag, ...MANAGED_TAG } : clusterTag,
      })),
    ],
  });
  const enis = instance.enis.map((eni, index) => ({
    id: eni.id,
    deviceIndex: index === 0 ? 0 : (options.enis[index - 1]?.deviceIndex ?? index),
    mac: eni.mac,
    subnetId: eni.subnetId,
  }));
  return {
    name: options.name ?? instance.privateDnsName,
    instanceId: instance.instanceId,
    enis,
    address: instance.enis[0]?.primary ?? '',
    instanceType,
  };
}

/** Registers the worker as a Node of its cluster. */
export function joinCluster(
  nodes: Nodes,
  worker: Worker & { readonly address: string; readonly instanceType: string },
): void {
  nodes.addNode({
    name: worker.name,
    instanceId: worker.instanceId,
    instanceType: worker.instanceType,
    address: worker.address,
  });
}

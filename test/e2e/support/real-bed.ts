import { type Bed, type BedOptions, startBed } from '../../support/bed.ts';
import type { RealNode } from '../cluster/node.ts';
import { applyProductAccess, NAMESPACE } from '../cluster/product-access.ts';
import { type RealCluster, type RealClusterOptions, startRealCluster } from '../cluster/start.ts';

/** The product in this process, on the sandbox's AWS and a Kubernetes of real parts. */
export interface RealBed {
  readonly bed: Bed;
  readonly cluster: RealCluster;
  /** Its nodes are counted from 0. */
  nodeAt(index: number): RealNode;
  /** Starts a forwarder, and the delivery of what it sends. */
  startProduct(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The real cluster takes the place of the sandbox's first: EKS describes it under that name, and
 * the functions reach it by their EKS tokens.
 */
export async function startRealBed(
  options: BedOptions & Pick<RealClusterOptions, 'nodes' | 'instanceType'>,
): Promise<RealBed> {
  const bed = await startBed(options);
  const { ec2, eks, subnets, cluster: embedded } = bed.world;
  try {
    const { nodes, instanceType } = options;
    const cluster = await startRealCluster({
      ec2,
      eks,
      subnets,
      clusterName: embedded.name,
      nodes,
      ...(instanceType !== undefined && { instanceType }),
    });
    const forwarder = await applyProductAccess(cluster);
    return {
      bed,
      cluster,
      nodeAt(index) {
        const node = cluster.nodes[index];
        if (node === undefined) throw new Error(`there is no node ${index}`);
        return node;
      },
      async startProduct() {
        await bed.startForwarder({
          name: cluster.name,
          kubernetes: { kubeconfig: () => forwarder.kubeconfigFor() },
          leaseNamespace: NAMESPACE,
        });
        bed.startDelivery();
      },
      async stop() {
        await bed.stop();
        await cluster.stop();
      },
    };
  } catch (error) {
    await bed.stop();
    throw error;
  }
}

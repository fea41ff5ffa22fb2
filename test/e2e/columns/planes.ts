import { admitFunctions, startAws } from '../../../sandbox/aws.ts';
import { systemClock } from '../../../shared/clock.ts';
import { applyProductAccess } from '../cluster/product-access.ts';
import { type RealCluster, startRealCluster } from '../cluster/start.ts';

/** A control plane without nodes. */
export interface Plane {
  /** The name of the cluster whose EKS tokens it accepts. */
  readonly name: string;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** The authority's certificate, PEM in base64. */
  readonly caData: string;
  readonly adminToken: string;
  /** The token of the forwarder's service account. */
  readonly forwarderToken: string;
}

/**
 * Starts a control plane for each name, with what deploy/base makes for the product.
 *
 * They ask an account like every scenario's own who the bearer of an EKS token is.
 */
export async function startPlanes(
  names: readonly string[],
): Promise<{ readonly planes: Plane[]; stop(): Promise<void> }> {
  const aws = await startAws({ clock: systemClock });
  const { ec2, eks, subnets } = aws;
  const clusters: RealCluster[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    await aws.stop();
  };
  const start = async (clusterName: string): Promise<Plane> => {
    admitFunctions(eks, clusterName);
    const cluster = await startRealCluster({ ec2, eks, subnets, clusterName, nodes: 0 });
    clusters.push(cluster);
    return planeOf(cluster);
  };
  try {
    return { planes: await allOf(names.map(start)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Like Promise.all, but nothing goes on when it throws. */
async function allOf<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function planeOf(cluster: RealCluster): Promise<Plane> {
  const { name, server, caData, adminToken } = cluster;
  const { token: forwarderToken } = await applyProductAccess(cluster);
  return { name, server, caData, adminToken, forwarderToken };
}

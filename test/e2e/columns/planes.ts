import * as z from 'zod';
import { admitFunctions, startAws } from '../../../sandbox/aws.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { applyProductAccess } from '../cluster/product-access.ts';
import { type RealCluster, startRealCluster } from '../cluster/start.ts';

const plane = z.object({
  /** The name of the cluster whose EKS tokens it accepts. */
  name: z.string(),
  /** `https://127.0.0.1:<port>` */
  server: z.string(),
  /** The authority's certificate, PEM in base64. */
  caData: z.string(),
  adminToken: z.string(),
  /** The token of the forwarder's service account. */
  forwarderToken: z.string(),
});

/** A control plane without nodes. */
export type Plane = Readonly<z.infer<typeof plane>>;

export interface Planes {
  readonly planes: readonly Plane[];
  stop(): Promise<void>;
}

/** The clusters of the scenarios. */
const NAMES = ['demo', 'other'];
const VARIABLE = 'PLANES';

/** The environment of a program that is to use these planes in the place of its own. */
export function variablesOf({ planes }: Planes): Readonly<Record<string, string>> {
  return { [VARIABLE]: JSON.stringify(planes) };
}

/** Those that whoever started this program gave to it, and stops. */
export function givenPlanes(): Planes | undefined {
  const given = process.env[VARIABLE];
  if (given === undefined) return undefined;
  return { planes: z.array(plane).parse(JSON.parse(given)), stop: async () => {} };
}

/**
 * Starts a control plane for each cluster, with what deploy/base makes for the product.
 *
 * They ask an account like every scenario's own who the bearer of an EKS token is.
 */
export async function startPlanes(): Promise<Planes> {
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
    return { planes: await allOf(NAMES.map(start)), stop };
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

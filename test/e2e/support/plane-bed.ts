import { launchWorker } from '../../../sandbox/worker.ts';
import { startWorld, type World } from '../../../sandbox/world.ts';
import { eksToken } from '../../../shared/cluster/token.ts';
import { type Product, type ProductOptions, startProduct } from '../../support/product.ts';
import { stageWorker, workerEnis } from '../../support/sandbox-aws.ts';
import type { StageCluster } from '../../support/stage.ts';
import { type StageNodes, stageCluster } from '../../support/stage-cluster.ts';
import type { Api } from '../cluster/api.ts';
import { applyProductAccess, type ForwarderAccess } from '../cluster/product-access.ts';
import { type RealCluster, startRealCluster } from '../cluster/start.ts';

/** A real control plane without nodes, with what deploy/base makes for the product. */
export interface PlaneBed {
  readonly world: World;
  readonly plane: RealCluster;
  readonly api: Api;
  /** The control plane in the words of the scenarios. */
  readonly cluster: StageCluster;
  readonly forwarder: ForwarderAccess;
  /** A token as the functions make it. */
  functionsToken(): Promise<string>;
  /** The product's functions; none is invoked yet. */
  startProduct(options?: ProductOptions): Product;
  stop(): Promise<void>;
}

/** Starts a control plane, and gives the product access to it. */
export async function startPlaneBed(): Promise<PlaneBed> {
  const world = await startWorld();
  try {
    return await startIn(world);
  } catch (error) {
    await world.stop();
    throw error;
  }
}

async function startIn(world: World): Promise<PlaneBed> {
  const { ec2, eks, subnets } = world;
  const clusterName = world.cluster.name;
  const plane = await startRealCluster({ ec2, eks, subnets, clusterName, nodes: 0 });
  const { api } = plane;
  const forwarder = await applyProductAccess(plane);
  const products: Product[] = [];

  return {
    world,
    plane,
    api,
    cluster: stageCluster(clusterName, api, nodesOf(world, api)),
    forwarder,
    functionsToken: () => functionsToken(world),
    startProduct(options) {
      const product = startProduct(world, options);
      products.push(product);
      return product;
    },
    async stop() {
      for (const product of products.toReversed()) await product.stop();
      await plane.stop();
      await world.stop();
    },
  };
}

async function functionsToken({ cluster, clock, environment }: World): Promise<string> {
  const { AWS_REGION = '', AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = environment;
  const credentials = {
    accessKeyId: AWS_ACCESS_KEY_ID,
    secretAccessKey: AWS_SECRET_ACCESS_KEY,
  };
  const { token } = await eksToken({
    cluster: cluster.name,
    region: AWS_REGION,
    credentials: async () => credentials,
    clock,
  });
  return token;
}

/** Instances whose Nodes are objects and nothing more. */
function nodesOf(world: World, api: Api): StageNodes {
  const name = world.cluster.name;
  const refuse = async (): Promise<never> => {
    throw new Error(`the cluster ${name} has no kubelets`);
  };
  return {
    async addWorker(options) {
      const worker = launchWorker(world.ec2, {
        cluster: name,
        nodeSubnetId: world.subnets.node,
        enis: workerEnis(world, options),
        ...(options?.instanceType && { instanceType: options.instanceType }),
      });
      await api.create('nodes', {
        metadata: { name: worker.name },
        spec: { providerID: `aws:///us-east-1a/${worker.instanceId}` },
      });
      return stageWorker(name, worker);
    },
    deleteNode: async (worker) => void (await api.delete('nodes', worker)),
    stopKubelet: refuse,
    startKubelet: refuse,
    reboot: refuse,
  };
}

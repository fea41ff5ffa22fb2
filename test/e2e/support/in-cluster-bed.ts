import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inject } from 'vitest';
import { ACCOUNT, CREDENTIALS, REGION } from '../../../sandbox/aws.ts';
import { type Imds, startImds } from '../../../sandbox/imds/server.ts';
import type { EventSourceMapping } from '../../../sandbox/lambda/event-source-mapping.ts';
import { overlay } from '../../../scripts/overlay.ts';
import { type Bed, startBed } from '../../support/bed.ts';
import { succeeds } from '../cluster/base.ts';
import type { RealNode } from '../cluster/node.ts';
import { until } from '../cluster/processes.ts';
import { FORWARDER, NAMESPACE } from '../cluster/product-access.ts';
import { type RealCluster, startRealCluster } from '../cluster/start.ts';
import { AWS_PORTS } from '../image/aws-ports.ts';
import { PRODUCT_IMAGE } from '../image/product-image.ts';
import { APP_IMAGE } from '../parts/images.ts';

const DEPLOY = resolve(import.meta.dirname, '../../../deploy');
const METADATA = '169.254.169.254';
/** The workers'. */
const ROLE = {
  name: 'worker',
  credentials: { ...CREDENTIALS, sessionToken: 'session' },
};
const REGISTRY = 'xxxxxxxxx.dkr.ecr.us-east-1.amazonaws.com';

/** Two real nodes that have the product's image, and everything that its pods need of AWS. */
export interface InClusterBed {
  readonly bed: Bed;
  readonly cluster: RealCluster;
  readonly nodes: readonly [RealNode, RealNode];
  /**
   * Has what an operator's checkout has: deploy/ with the names of the images that are here, and the
   * overlay of the cluster as `npm run kustomize` writes it.
   */
  readonly folder: string;
  /** Applies a kustomization or a manifest of `deploy/`. @returns what kubectl says. */
  apply(path: string): Promise<string>;
  /** Invokes the reconcile function with what is in the queue, until `pauseDelivery`. */
  startDelivery(): void;
  pauseDelivery(): Promise<void>;
  /** The secondary addresses on the ENIs of a node, by device index. */
  addressesOn(node: RealNode, deviceIndex: number): readonly string[];
  stop(): Promise<void>;
}

/** Starts all of it but the product itself: what runs in the cluster is applied by the tests. */
export async function startInClusterBed(): Promise<InClusterBed> {
  const resources = new AsyncDisposableStack();
  try {
    return await startWith(resources);
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

async function startWith(resources: AsyncDisposableStack): Promise<InClusterBed> {
  const bed = resources.adopt(await startBed(), (started) => started.stop());
  const { ec2, eks, sqs, subnets, cluster: embedded } = bed.world;
  const cluster = resources.adopt(
    await startRealCluster({
      ec2,
      eks,
      subnets,
      clusterName: embedded.name,
      nodes: 2,
      imageStore: inject('imageStore'),
    }),
    (started) => started.stop(),
  );
  const [first, second] = cluster.nodes;
  if (first === undefined || second === undefined) throw new Error('two nodes are needed');
  const folder = resources.adopt(await mkdtemp(join(tmpdir(), 'in-cluster-')), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  cluster.expose(portOf(ec2.endpoint), AWS_PORTS.ec2);
  cluster.expose(portOf(sqs.endpoint), AWS_PORTS.sqs);
  await Promise.all([
    writeDeploy(join(folder, 'deploy'), cluster.name),
    ...cluster.nodes.map(async (node) =>
      resources.adopt(await startMetadataService(cluster, node), (imds) => imds.stop()),
    ),
  ]);
  let delivery: EventSourceMapping | undefined;
  return {
    bed,
    cluster,
    nodes: [first, second],
    folder,
    apply: (path) => {
      const flag = path.endsWith('.yaml') ? '--filename' : '--kustomize';
      return cluster.kubectl(['apply', `${flag}=${join(folder, 'deploy', path)}`]);
    },
    startDelivery() {
      delivery ??= bed.startDelivery();
    },
    async pauseDelivery() {
      await delivery?.stop();
      delivery = undefined;
    },
    addressesOn(node, deviceIndex) {
      const eni = node.worker.enis.find((each) => each.deviceIndex === deviceIndex);
      return eni === undefined ? [] : ec2.eni(eni.id).secondary;
    },
    stop: () => resources.disposeAsync(),
  };
}

function portOf(endpoint: string): number {
  return Number(new URL(endpoint).port);
}

/** A copy of deploy/ in which the images are those that the nodes have. */
async function writeDeploy(folder: string, cluster: string): Promise<void> {
  await cp(DEPLOY, folder, { recursive: true });
  const samples = (await readdir(join(folder, 'samples'))).filter((name) => name.endsWith('.yaml'));
  for (const file of samples.map((name) => join(folder, 'samples', name))) {
    const text = (await readFile(file, 'utf8'))
      .replaceAll(`${REGISTRY}/my-docker-image:latest`, APP_IMAGE)
      .replaceAll(`${REGISTRY}/multus-eni-reconciler:0.1.0`, PRODUCT_IMAGE);
    await writeFile(file, text);
  }
  const deployed = {
    cluster,
    identity: 'pod-identity',
    namespace: NAMESPACE,
    serviceAccount: FORWARDER,
    region: REGION,
    queueUrl: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/multus-eni-reconciler.fifo`,
    roleArn: `arn:aws:iam::${ACCOUNT}:role/forwarder`,
  } as const;
  await mkdir(join(folder, 'overlays/demo'), { recursive: true });
  await writeFile(
    join(folder, 'overlays/demo/kustomization.yaml'),
    overlay(deployed, PRODUCT_IMAGE),
  );
}

/** Gives a node the metadata service of its instance, at the address where every pod looks for it. */
async function startMetadataService(cluster: RealCluster, node: RealNode): Promise<Imds> {
  const { instanceId } = node.worker;
  const imds = await startImds({ instanceId, region: REGION, account: ACCOUNT, role: ROLE });
  const target = cluster.expose(portOf(imds.endpoint));
  await node.run(['ip', 'address', 'add', `${METADATA}/32`, 'dev', 'lo']);
  const listen = `TCP-LISTEN:80,bind=${METADATA},fork,reuseaddr`;
  node.follow(['socat', listen, `TCP:${target}`]).output.resume();
  const connect = ['socat', '-u', 'OPEN:/dev/null', `TCP:${METADATA}:80`];
  await until(() => succeeds(node.run(connect)), `the metadata service of ${node.name}`);
  return imds;
}

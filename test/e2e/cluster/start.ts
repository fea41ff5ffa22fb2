import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ec2Server } from '../../../sandbox/ec2/server.ts';
import type { EksServer } from '../../../sandbox/eks/server.ts';
import { launchWorker } from '../../../sandbox/worker.ts';
import type { Pod } from '../../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../../shared/cluster/pods.ts';
import { type CommandOptions, run as runCommand } from '../parts/command.ts';
import { program } from '../parts/programs.ts';
import { type Api, apiOf } from './api.ts';
import { applyBase } from './base.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Ipvlan, ipvlanOfKernel } from './ipvlan.ts';
import { base64 } from './kubeconfig.ts';
import { hostMachine } from './machine.ts';
import { EXPOSED_ADDRESS, type Network, SERVICE_ADDRESS, startNetwork } from './network.ts';
import { type RealNode, startNode } from './node.ts';
import {
  type Pinging,
  type PingOptions,
  type PingResult,
  ping,
  sandboxOf,
  startPinging,
} from './ping.ts';
import { freePort } from './ports.ts';
import { until } from './processes.ts';
import { readiness } from './readiness.ts';
import { relayIn, relayOut } from './relay.ts';
import { beginRun, type Run } from './run.ts';
import type { Vpc } from './vpc.ts';

export interface RealClusterOptions {
  readonly ec2: Ec2Server;
  readonly eks: EksServer;
  readonly clusterName: string;
  /** Where the nodes' eth0, eth1 and eth2 are. */
  readonly subnets: { readonly node: string; readonly multus1: string; readonly multus2: string };
  /** How many real nodes to begin with; 0: a control plane only, which needs no root. */
  readonly nodes: number;
  /** Of the nodes' instances. */
  readonly instanceType?: string;
  /** What their containerds have from the beginning (image-store.ts), in the place of our own images. */
  readonly imageStore?: string;
  /** The nodes' names, in order, if they are not to be their instances' own. */
  readonly nodeNames?: readonly string[];
}

export interface PodName {
  readonly namespace?: string;
  readonly name: string;
}

/** A Kubernetes cluster of real parts, known to the sandbox's EKS. */
export interface RealCluster {
  readonly name: string;
  /** The API server, `https://127.0.0.1:<port>` */
  readonly server: string;
  /** The authority's certificate, PEM in base64. */
  readonly caData: string;
  readonly adminToken: string;
  readonly api: Api;
  /** The path of the administrator's kubeconfig. */
  readonly adminKubeconfig: string;
  readonly kubeconfigFor: ControlPlane['kubeconfigFor'];
  /** @returns what kubectl, as administrator, writes. @throws CommandFailed */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<string>;
  readonly controlPlane: Omit<ControlPlane, 'ca' | 'adminToken' | 'kubeconfigFor'>;
  /** Empty in a cluster that is a control plane only: what has to do with nodes throws there. */
  readonly nodes: readonly RealNode[];
  /** Launches an instance, and waits until its node is ready. */
  addNode(): Promise<RealNode>;
  /** What gives pods their ipvlan interfaces. */
  readonly ipvlan?: Ipvlan;
  readonly vpc?: Vpc;
  /**
   * Whether a pod has namespaces to ping from. It may not yet although its addresses are assigned:
   * Multus tells of them while they are made.
   */
  sandboxRuns(pod: PodName): Promise<boolean>;
  /** Pings an address from a pod, once the VPC has heard all that EC2 said. */
  ping(from: PodName, address: string, options?: PingOptions): Promise<PingResult>;
  /** The same without end; `interval` in seconds. */
  startPinging(from: PodName, address: string, interval?: number): Promise<Pinging>;
  /** Makes 127.0.0.1:`port` of this machine reachable for nodes and pods, as `as`. @returns host:port. */
  expose(port: number, as?: number): string;
  /** Ends everything, and leaves nothing on the machine. */
  stop(): Promise<void>;
}

/**
 * Starts a cluster of real parts and makes it an EKS cluster of the sandbox's account.
 *
 * @throws MissingPart if a part was not built yet.
 */
export async function startRealCluster(options: RealClusterOptions): Promise<RealCluster> {
  const run = await beginRun();
  try {
    return await startIn(run, options);
  } catch (error) {
    await run.end();
    throw error;
  }
}

async function startIn(run: Run, options: RealClusterOptions): Promise<RealCluster> {
  const { ec2, eks, clusterName } = options;
  const port = await freePort();
  const server = `https://127.0.0.1:${port}`;
  const network =
    options.nodes > 0 ? await startNetwork(run, ec2, options.subnets.node) : undefined;
  const webhookUrl = eks.webhookUrl(clusterName);
  if (network !== undefined) {
    relayOut(run, network.controlPlane, `${SERVICE_ADDRESS}:443`, port);
    relayIn(run, network.controlPlane, Number(new URL(webhookUrl).port), '127.0.0.1');
  }
  const { ca, adminToken, kubeconfigFor, ...controlPlane } = await startControlPlane({
    run,
    machine: network?.controlPlane ?? hostMachine(run),
    webhookUrl,
    server,
    address: network
      ? { bind: '0.0.0.0', advertised: network.address, port: 443 }
      : { bind: '127.0.0.1', advertised: '127.0.0.1', port },
  });
  const adminKubeconfig = join(run.directory, 'admin.kubeconfig');
  writeFileSync(adminKubeconfig, await kubeconfigFor(), { mode: 0o600 });
  const kubectlFlags = [`--kubeconfig=${adminKubeconfig}`, `--cache-dir=${run.directory}/kubectl`];
  const kubectl: RealCluster['kubectl'] = (args, more) =>
    runCommand([program('kubectl'), ...kubectlFlags, ...args], more);
  const caData = base64(ca);
  const api = apiOf({ server, caData, adminToken });
  await applyBase(kubectl, api, { withNodes: network !== undefined });
  eks.addCluster({ name: clusterName, endpoint: server, caData });

  const shared = {
    name: clusterName,
    server,
    caData,
    adminToken,
    api,
    adminKubeconfig,
    kubeconfigFor,
    kubectl,
    controlPlane,
  };
  const stop = async (): Promise<void> => {
    api.close();
    network?.vpc.stop();
    await run.end();
  };
  if (network === undefined) return { ...shared, ...withoutNodes(clusterName), stop };
  const ipvlan = await ipvlanOfKernel();
  const nodes = await withNodes({ run, options, network, ipvlan, api, kubeconfigFor });
  return { ...shared, ...nodes, ipvlan, vpc: network.vpc, stop };
}

type NodePart = Pick<
  RealCluster,
  'nodes' | 'addNode' | 'sandboxRuns' | 'ping' | 'startPinging' | 'expose'
>;

function withoutNodes(cluster: string): NodePart {
  const refuse = (): never => {
    throw new Error(`the cluster ${cluster} was started without real nodes`);
  };
  return {
    nodes: [],
    addNode: async () => refuse(),
    sandboxRuns: async () => refuse(),
    ping: async () => refuse(),
    startPinging: async () => refuse(),
    expose: refuse,
  };
}

interface Surroundings {
  readonly run: Run;
  readonly options: RealClusterOptions;
  readonly network: Network;
  readonly ipvlan: Ipvlan;
  readonly api: Api;
  readonly kubeconfigFor: ControlPlane['kubeconfigFor'];
}

async function withNodes(surroundings: Surroundings): Promise<NodePart> {
  const { run, options, network, api } = surroundings;
  const nodes: RealNode[] = [];
  const place = async (pod: PodName) => {
    const { node: name, uid } = await placeOf(api, pod);
    const node = nodes.find((each) => each.name === name);
    if (node === undefined) throw new Error(`pod ${pod.name} is on no real node, but on ${name}`);
    await network.vpc.settled();
    return { node, uid };
  };
  const addNode = async (): Promise<RealNode> => {
    const node = await launchNode(surroundings, nodes.length + 1);
    nodes.push(node);
    await nodeReady(api, node.name);
    return node;
  };
  // One after the other they get their numbers, side by side they boot.
  const numbers = Array.from({ length: options.nodes }, (_, index) => index + 1);
  nodes.push(...(await Promise.all(numbers.map((each) => launchNode(surroundings, each)))));
  await Promise.all(nodes.map(({ name }) => nodeReady(api, name)));

  return {
    nodes,
    addNode,
    async sandboxRuns(pod) {
      const { node, uid } = await place(pod);
      return sandboxOf(node, uid) !== undefined;
    },
    async ping(from, address, pingOptions) {
      const { node, uid } = await place(from);
      return ping(node, uid, address, pingOptions);
    },
    async startPinging(from, address, interval) {
      const { node, uid } = await place(from);
      return startPinging(node, uid, address, interval);
    },
    expose(port, as = port) {
      relayIn(run, network.controlPlane, port, EXPOSED_ADDRESS, as);
      return `${EXPOSED_ADDRESS}:${as}`;
    },
  };
}

async function launchNode(
  { run, options, network, ipvlan, kubeconfigFor }: Surroundings,
  number: number,
): Promise<RealNode> {
  const { ec2, clusterName, subnets, instanceType, nodeNames, imageStore } = options;
  const name = nodeNames?.[number - 1];
  const worker = launchWorker(ec2, {
    cluster: clusterName,
    ...(name !== undefined && { name }),
    ...(instanceType !== undefined && { instanceType }),
    nodeSubnetId: subnets.node,
    enis: [
      { deviceIndex: 1, subnetId: subnets.multus1 },
      { deviceIndex: 2, subnetId: subnets.multus2 },
    ],
  });
  const server = `https://${SERVICE_ADDRESS}:443`;
  const kubelet = { name: `system:node:${worker.name}`, groups: ['system:nodes'], server };
  return startNode({
    run,
    ec2,
    worker,
    number,
    instanceType: worker.instanceType,
    ...(imageStore !== undefined && { imageStore }),
    controlPlane: network.controlPlane,
    vpc: network.vpc,
    ipvlan,
    kubeletKubeconfig: await kubeconfigFor(kubelet),
    multusKubeconfig: await kubeconfigFor({ name: 'multus', server }),
  });
}

async function nodeReady(api: Api, name: string): Promise<void> {
  const isReady = async () => (await readiness(api, name)) === 'True';
  await until(isReady, `the node ${name} to be ready`, 60_000);
}

async function placeOf(
  api: Api,
  { namespace = 'default', name }: PodName,
): Promise<Pick<Pod, 'node' | 'uid'>> {
  const pod = await api.find('pods', { namespace, name });
  if (pod === undefined) throw new Error(`there is no pod ${namespace}/${name}`);
  return podFromObject(pod);
}

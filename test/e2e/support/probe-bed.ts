import { PROBE_LABEL } from '../../../shared/probe.ts';
import type { RealNode } from '../cluster/node.ts';
import { inPod, sandboxOf } from '../cluster/ping.ts';
import { until } from '../cluster/processes.ts';
import { type InClusterBed, startInClusterBed } from './in-cluster-bed.ts';
import { failuresIn, type Probing, rowsIn, startProbe } from './probing.ts';

/** Beside other tests a machine with two cores takes longer than a probe waits. */
const PATIENT = ['--timeout', '240'];

/** The two nodes, by the order of their names. */
export type Which = 0 | 1;

/** A network in a namespace of its own: probes of two of them leave each other's pods alone. */
export interface ProbedNetwork {
  readonly namespace: string;
  /** The addresses of the two pods. */
  readonly ips: readonly [string, string];
  /** What says so to `multus-eni probe`. */
  readonly args: readonly string[];
}

export interface NetworkShape {
  readonly master?: 'eth1' | 'eth2';
  /** `rp_filter` of the pods' interface. */
  readonly reversePath?: 1 | 2;
  /** How much of its subnet the second pod knows; with 32 it has its default route alone. */
  readonly secondPrefix?: number;
}

/** Two real nodes with the product, and probes that are run there. */
export interface ProbeBed {
  readonly real: InClusterBed;
  /** The codes that probes have named so far. */
  readonly produced: ReadonlySet<string>;
  addNetwork(namespace: string, shape?: NetworkShape): Promise<ProbedNetwork>;
  start(...args: readonly string[]): Probing;
  /** Runs a probe to its end, which leaves no pod. @returns what failed: `failuresIn`. */
  failures(
    network: Pick<ProbedNetwork, 'namespace' | 'args'>,
    ...args: readonly string[]
  ): Promise<string[]>;
  podsLeft(namespace?: string): Promise<string[]>;
  node(which: Which): RealNode;
  /** Runs a shell command on a node. */
  run(which: Which, command: string): Promise<string>;
  /** The same in the network of the probe's pod on a node, once its interfaces are made. */
  runInPod(which: Which, namespace: string, command: string): Promise<void>;
  eniOf(which: Which, deviceIndex?: number): string;
  /** Has the VPC lose what goes from the pod of a node to the other one by eth1 (Vpc.lose). @returns what ends it. */
  lose(from: Which, network: ProbedNetwork, what?: string): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

export async function startProbeBed(): Promise<ProbeBed> {
  const real = await startInClusterBed();
  const nodes = real.nodes.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  const names = nodes.map(({ name }) => name);
  const produced = new Set<string>();
  let networks = 0;
  const node = (which: Which) => {
    const found = nodes[which];
    if (found === undefined) throw new Error(`there is no node ${which}`);
    return found;
  };
  const podsOfProbes = async (namespace?: string) =>
    (await real.cluster.api.list('pods')).filter(
      ({ metadata }) =>
        metadata.labels?.[PROBE_LABEL] !== undefined &&
        (namespace === undefined || metadata.namespace === namespace),
    );
  const eniOf: ProbeBed['eniOf'] = (which, deviceIndex = 1) => {
    const eni = node(which).worker.enis.find((each) => each.deviceIndex === deviceIndex);
    if (eni === undefined) throw new Error(`node ${which} has no eth${deviceIndex}`);
    return eni.id;
  };
  const start: ProbeBed['start'] = (...args) =>
    startProbe(args, { ...real.bed.world.environment, KUBECONFIG: real.cluster.adminKubeconfig });

  return {
    real,
    produced,
    async addNetwork(namespace, shape = {}) {
      networks += 1;
      return addNetwork(real, namespace, shape, 128 + 2 * networks);
    },
    start,
    async failures({ namespace, args }, ...more) {
      const { code, stdout, stderr } = await start(...args, ...PATIENT, ...more, '--json').ended;
      if (code !== 0 && code !== 4) throw new Error(`${code}: ${stderr}${stdout}`);
      const rows = rowsIn(stdout);
      for (const row of rows) if (row.code !== undefined) produced.add(row.code);
      const failed = failuresIn(rows, names);
      const left = await podsOfProbes(namespace);
      if (left.length > 0) throw new Error(`${left.length} pods were left in ${namespace}`);
      if ((code === 4) !== failed.length > 0) throw new Error(`${code}, and failed: ${failed}`);
      return failed;
    },
    podsLeft: async (namespace) =>
      (await podsOfProbes(namespace)).map(({ metadata }) => metadata.name),
    node,
    run: (which, command) => node(which).run(['sh', '-ec', command]),
    async runInPod(which, namespace, command) {
      let uid = '';
      const hasInterfaces = async () => {
        const pods = await podsOfProbes(namespace);
        uid = pods.find(({ spec }) => spec?.nodeName === names[which])?.metadata.uid ?? '';
        return uid !== '' && sandboxOf(node(which), uid) !== undefined;
      };
      await until(hasInterfaces, `the probe's pod in ${namespace} to have its interfaces`, 60_000);
      await node(which).run([...inPod(node(which), uid), 'sh', '-ec', command]);
    },
    eniOf,
    async lose(from, { ips }, what = '') {
      const { vpc } = real.cluster;
      if (vpc === undefined) throw new Error('there is no VPC');
      const to = from === 0 ? 1 : 0;
      return vpc.lose(eniOf(from), { address: ips[to], eniId: eniOf(to) }, what);
    },
    stop: () => real.stop(),
  };
}

async function addNetwork(
  { cluster }: InClusterBed,
  namespace: string,
  { master = 'eth1', reversePath, secondPrefix = 24 }: NetworkShape,
  host: number,
): Promise<ProbedNetwork> {
  const subnet = master === 'eth1' ? '172.16.1' : '172.16.3';
  const ips = [`${subnet}.${host}`, `${subnet}.${host + 1}`] as const;
  const sysctl = { 'net.ipv4.conf.net1.rp_filter': String(reversePath) };
  const plugins = [
    { type: 'ipvlan', master, ipam: { type: 'static' } },
    ...(reversePath === undefined ? [] : [{ type: 'tuning', sysctl }]),
  ];
  const annotations = { 'multus-eni.dev/ranges': JSON.stringify([`${subnet}.128/25`]) };
  await cluster.api.create('namespaces', { metadata: { name: namespace } });
  await cluster.api.create('network-attachment-definitions', {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name: 'net', namespace, annotations },
    spec: { config: JSON.stringify({ cniVersion: '0.3.1', name: 'net', plugins }) },
  });
  // The controller-manager makes it, and pods are refused before.
  const account = { namespace, name: 'default' };
  const admits = async () => (await cluster.api.find('serviceaccounts', account)) !== undefined;
  await until(admits, `the service account of ${namespace}`);
  const given = `${ips[0]}/24,${ips[1]}/${secondPrefix}`;
  return { namespace, ips, args: ['--network', `${namespace}/net`, '--ips', given] };
}

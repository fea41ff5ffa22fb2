import { expect, onTestFinished } from 'vitest';
import type { BatchResponse } from '../../functions/reconcile/reconcile-batch.ts';
import type { ReadSettings } from '../../functions/served-clusters.ts';
import { type VirtualClock, virtualClock } from '../../sandbox/clock.ts';
import type { Objects } from '../../sandbox/kubernetes/objects.ts';
import type { Worker } from '../../sandbox/worker.ts';
import type { World } from '../../sandbox/world.ts';
import { parseAddress } from '../../shared/address.ts';
import { type Entry, ledgerFromObject } from '../../shared/cluster/ledgers.ts';
import type { NodeMessage } from '../../shared/messages/schema.ts';
import type { PolicyName } from '../../shared/plan/policy.ts';
import { type Bed, startBed } from '../support/bed.ts';
import { recordIn } from '../support/record-ledger.ts';
import type { Actor } from '../support/stepper.ts';
import { type Ec2InWords, ec2InWords } from './ec2-in-words.ts';
import { createEnvironments, type Environments } from './environments.ts';
import { createQueue, type HandedOut, type Queue } from './queue.ts';
import { type ScenePod, type ScenePodSpec, scenePod } from './scene-pod.ts';

/** Three nodes, `a` to `c`, on which the test writes the pods, and of which it steps the reconciles. */
export interface Scene {
  readonly world: World;
  /** It stands still, but for the functions' pauses, which pass at once, and what the test advances. */
  readonly clock: VirtualClock;
  /** What EC2 was asked and what it has. */
  readonly ec2: Ec2InWords;
  worker(node: string): Worker;
  pod(name: string, spec: ScenePodSpec): ScenePod;
  /** Leaves addresses on eth1 of a node that the functions had put there, for a pod that is gone. */
  leave(node: string, ...addresses: string[]): Promise<void>;
  /** Writes down that eth1 of a node has addresses of ours, in some state. */
  record(node: string, addresses: readonly string[], entry?: Partial<Entry>): void;
  /** What the ledger of eth1 of a node says of an address, such as `assigned p1`; `nothing` without an entry. */
  entry(node: string, address: string): string;
  /** So much time passes that EC2's view has settled, and no ledger knows better (docs/design.md, rule L17). */
  settle(): void;
  /** The Node object goes; its instance and the objects of its pods stay. */
  removeNode(node: string): void;
  /** A Node registers that names this instance, or none yet. */
  register(node: string, instanceId?: string): void;
  /** Begins a reconcile of the node, for one message that was received so often. */
  reconcile(node: string, message?: Partial<NodeMessage>, receives?: number): Actor<BatchResponse>;
  /** Reconciles the node, and expects that to succeed. */
  look(node: string, message?: Partial<NodeMessage>, receives?: number): Promise<void>;
  readonly send: Queue['send'];
  readonly receive: Queue['receive'];
  /** Begins a reconcile for a message that was received. */
  begin(delivery: HandedOut): Actor<BatchResponse>;
  readonly sweep: Bed['sweep'];
  readonly startForwarder: Bed['startForwarder'];
  /** The functions are deployed anew, with this policy of the cluster. */
  deploy(policy: PolicyName): void;
  /** The nodes and reasons of the messages in the queue, such as `a moved`. */
  queued(): string[];
  /** Reconciles for what is in the queue, until it is empty. */
  deliver(): Promise<void>;
  /** Delivers what waits, and expects that then nothing is left to do, however often anybody looks. */
  expectSettled(): Promise<void>;
}

interface SceneOptions {
  /** How many ENIs each node has beside eth0; default 1. All are in 172.16.1.0/24. */
  readonly enis?: number;
  /** Default `a` to `c`. */
  readonly nodes?: readonly string[];
  /** Whether each node has a pod of a DaemonSet, as in any cluster; default true. */
  readonly daemonSet?: boolean;
  /** Reads what is stopped; default: the functions are of a version that does not ask. */
  readonly readSettings?: ReadSettings;
  /** Default `sync`. */
  readonly policy?: PolicyName;
  /** The last number of the addresses that the network gives out, from 70 on; default 80. */
  readonly last?: number;
}

export async function startScene({
  enis = 1,
  nodes = ['a', 'b', 'c'],
  daemonSet = true,
  last = 80,
  policy = 'sync',
  readSettings,
}: SceneOptions = {}): Promise<Scene> {
  const clock = virtualClock(Math.floor(Date.now() / 1000) * 1000);
  const environments = createEnvironments(clock);
  const bed = await startBed({
    clock,
    wrap: (clients) => environments.share({ ...clients, ...(readSettings && { readSettings }) }),
  });
  onTestFinished(() => bed.stop());
  const { world, sweep, startForwarder } = bed;
  const { cluster } = world;
  const { objects } = cluster.kubernetes;
  addWorkers(world, { enis, nodes, daemonSet });
  objects.create('network-attachment-definitions', network(last));

  const variables = { ...world.environment, ...(readSettings && { STAGE: 'scene' }) };
  const { start, deploy } = deployable(environments, variables, cluster.name);
  deploy(policy);
  const queue = createQueue(bed);
  const ec2 = ec2InWords(world, bed.ec2, cluster.workers());
  const reconcile: Scene['reconcile'] = (...of) => start(of[0], queue.eventOf(...of));
  const look: Scene['look'] = async (...of) => {
    expectDone(await reconcile(...of).finish(), environments.logged());
  };
  const deliver = () =>
    queue.deliver(async (node, event) => {
      expectDone(await start(node, event).finish(), environments.logged());
    });
  const worker: Scene['worker'] = (node) => workerNamed(cluster.workers(), node);
  const record: Scene['record'] = (node, addresses, entry) =>
    recordIn(objects, eth1Of(worker(node)), addresses, { at: clock.now(), ...entry });

  return {
    world,
    clock,
    ec2,
    worker,
    record,
    pod: (name, spec) => scenePod(objects, name, spec),
    async leave(node, ...addresses) {
      record(node, addresses);
      await ec2.assignByHand(eth1Of(worker(node)), ...addresses);
    },
    entry: (node, text) => entryIn(objects, eth1Of(worker(node)), text),
    settle: () => clock.advance(16_000),
    removeNode: (node) => cluster.nodes.removeNode(node),
    register: (node, instanceId) => void objects.create('nodes', nodeObject(node, instanceId)),
    reconcile,
    look,
    send: queue.send,
    receive: queue.receive,
    begin: ({ node, event }) => start(node, event),
    sweep,
    startForwarder,
    deploy,
    queued: queue.inWords,
    deliver,
    async expectSettled() {
      world.ec2.setStaleness({ kind: 'none' });
      await deliver();
      const before = ec2.attempts().length;
      const names = objects.list('nodes').map(({ metadata }) => metadata.name);
      for (const node of [...names, ...names]) await look(node);
      expect(ec2.attempts().slice(before)).toEqual([]);
      await sweep();
      expect(queue.inWords()).toEqual([]);
    },
  };
}

/** The functions with one version of their configuration after the other. */
function deployable(
  environments: Environments,
  variables: Readonly<Record<string, string>>,
  name: string,
) {
  let version: ReturnType<Environments['reconcile']>;
  return {
    start: (...of: Parameters<typeof version>) => version(...of),
    deploy(policy: PolicyName): void {
      environments.retire();
      const CLUSTERS = JSON.stringify([{ name, policy }]);
      version = environments.reconcile({ ...variables, CLUSTERS });
    },
  };
}

function workerNamed(workers: readonly Worker[], node: string): Worker {
  const found = workers.find(({ name }) => name === node);
  if (found === undefined) throw new Error(`there is no worker ${node}`);
  return found;
}

function entryIn(objects: Objects, eniId: string, text: string): string {
  const stored = objects.find('eniledgers', { name: eniId });
  const address = parseAddress(text);
  if (stored === undefined || address === undefined) return 'nothing';
  const found = ledgerFromObject(stored).entries.get(address);
  return found === undefined ? 'nothing' : `${found.state} ${found.pod?.name ?? ''}`.trim();
}

function addWorkers(
  { cluster, subnets }: World,
  { enis, nodes, daemonSet }: Required<Pick<SceneOptions, 'enis' | 'nodes' | 'daemonSet'>>,
): void {
  const indices = Array.from({ length: enis }, (_, index) => index + 1);
  for (const name of nodes) {
    cluster.addWorker(
      indices.map((deviceIndex) => ({ deviceIndex, subnetId: subnets.multus1 })),
      { name },
    );
    // The test writes what Multus would.
    cluster.nodes.stopKubelet(name);
    const proxy = { node: name, namespace: 'kube-system' };
    if (daemonSet) scenePod(cluster.kubernetes.objects, `kube-proxy-${name}`, proxy);
  }
}

function eth1Of({ enis }: Worker): string {
  return enis.find(({ deviceIndex }) => deviceIndex === 1)?.id ?? '';
}

function expectDone(answer: BatchResponse, logged: string): void {
  expect(answer, logged).toEqual({ batchItemFailures: [] });
}

/** Gives out .70 to .`last` of 172.16.1.0/24, and of its IPv6 block, on eth1. */
function network(last: number) {
  const ipv4 = { subnet: '172.16.1.0/24', rangeStart: '172.16.1.70', rangeEnd: `172.16.1.${last}` };
  const ipv6 = {
    subnet: '2600:1f18:1111:1::/64',
    rangeStart: '2600:1f18:1111:1::70',
    rangeEnd: `2600:1f18:1111:1::${last}`,
  };
  const ipam = { type: 'host-local', ranges: [[ipv4], [ipv6]] };
  const config = JSON.stringify({ cniVersion: '0.3.1', type: 'ipvlan', master: 'eth1', ipam });
  return { metadata: { name: 'net-1', namespace: 'default' }, spec: { config } };
}

function nodeObject(name: string, instanceId: string | undefined) {
  const labels = { 'node.kubernetes.io/instance-type': 'm5.large' };
  const providerID = instanceId && `aws:///us-east-1a/${instanceId}`;
  return { metadata: { name, labels }, spec: { providerID } };
}

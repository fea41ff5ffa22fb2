import type { NetworkRef, Pod, PodRef } from '../../shared/cluster/kubernetes.ts';
import type { PolicyName } from '../../shared/plan/policy.ts';
import type { RecordedCalls } from './recorded-calls.ts';
import type { RecordedTelemetry } from './telemetry.ts';

/*
 * The vocabulary of the integration scenarios: what anyone can do to a cluster, to EC2 and to the
 * queue, and what anyone can see there. Every column of parts (the sandbox; a real API server with
 * somebody else's EC2) stands behind the same words.
 */

/**
 * What not every column can do.
 *
 * - `one-holder`: EC2 has an address on one ENI at most, refuses it to another one, and finds the
 *   ENI that has it.
 * - `ipv6`: EC2 has IPv6 addresses as it has IPv4 ones.
 * - `pages`: EC2 lists ENIs in pages.
 * - `prefixes`: prefixes can be delegated to an ENI.
 * - `ec2-faults`: calls of EC2 fail, lag or lose their answers on demand; see `StageFaults`.
 */
export type Capability = 'one-holder' | 'ipv6' | 'pages' | 'prefixes' | 'ec2-faults';

export interface StageOptions {
  /** Default: one, `demo`; there may be another one, `other`. */
  readonly clusters?: readonly {
    readonly name: string;
    readonly ranges?: readonly string[];
    readonly namespaces?: Readonly<Record<string, readonly string[]>>;
    readonly policy?: PolicyName;
  }[];
  /** As Multus 3 does when a pod goes. */
  readonly emptiesAnnotation?: boolean;
  /** False: no forwarder runs, so only what a test sends is in the queue. */
  readonly forwarder?: boolean;
  /** False: the function is not invoked, so what is sent stays in the queue. */
  readonly delivery?: boolean;
}

/** The parts that the scenarios run on. */
export interface Column {
  /** What it is not capable of, and why. */
  readonly lacks: Readonly<Partial<Record<Capability, string>>>;
  start(options: StageOptions): Promise<Stage>;
}

export interface Stage {
  /** The first cluster. */
  readonly cluster: StageCluster;
  clusterNamed(name: string): StageCluster;
  readonly cloud: Cloud;
  readonly queue: StageQueue;
  /** What the functions asked of EC2 and wrote to API servers. */
  readonly calls: RecordedCalls;
  readonly telemetry: RecordedTelemetry;
  /** Runs one sweep of all clusters. */
  sweep(): Promise<void>;
  /** Has a worker reconciled by a message through the queue, and waits until that is done. */
  look(worker: Worker): Promise<void>;
  /** Waits until everything that has happened so far was seen, sent and done. */
  settled(): Promise<void>;
  /** What an operator of the first cluster has. */
  readonly operator: OperatorAccess;
  /** Without `ec2-faults`, those of EC2 throw. */
  faults(): StageFaults;
  stop(): Promise<void>;
}

export interface OperatorAccess {
  /** Its administrator's, as text. */
  readonly kubeconfig: string;
  /** By these variables programs see this account and nothing else. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface Worker {
  readonly cluster: string;
  readonly name: string;
  readonly instanceId: string;
  /** The ids of its ENIs at device index 1 and 2. */
  readonly eth1: string;
  readonly eth2: string;
}

export interface WorkerOptions {
  readonly instanceType?: string;
  /** The subnets of eth1 and eth2: `multus1` and `multus2` unless given. */
  readonly subnets?: readonly [SubnetName, SubnetName];
  /** False: eth1 lacks the managed tag. */
  readonly eth1Tagged?: boolean;
}

/** `multus1` is 172.16.1.0/24, `multus2` is 172.16.3.0/24. */
export type SubnetName = 'multus1' | 'multus2';

export interface Network {
  readonly name: string;
  readonly namespace?: string;
  /** `spec.config`. */
  readonly config: object;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface PodSpec {
  readonly namespace?: string;
  readonly on: { readonly name: string };
  /** In order: net1, net2, … Addresses are for networks whose IPAM lets the pod choose. */
  readonly networks?: readonly {
    readonly network: Network;
    readonly ips?: readonly string[];
  }[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly hostNetwork?: boolean;
  /** Our condition is among its readiness gates. */
  readonly gated?: boolean;
}

/** An entry of an ENILedger, as the API server has it. */
export interface LedgerEdit {
  readonly state: 'Assigning' | 'Assigned' | 'Releasing' | 'Released';
  /** RFC 3339. */
  readonly at: string;
  readonly pod?: PodRef;
}

export interface PodEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

export interface StageCluster {
  readonly name: string;
  /** What the ledger of an ENI says, in order, such as `172.16.1.70 assigned app`; `undefined` without one. */
  ledgerOf(eniId: string): Promise<readonly string[] | undefined>;
  addNamespace(name: string): Promise<void>;
  /** Launches an instance with eth0, eth1 and eth2 and registers it as a Node. */
  addWorker(options?: WorkerOptions): Promise<Worker>;
  /** A Node without an EC2 instance of its own. */
  addNode(name: string, providerId: string): Promise<{ readonly name: string }>;
  /** Deletes the Node object; the instance and the objects of its pods stay. */
  deleteNode(worker: Worker): Promise<void>;
  /** What the pod garbage collector does about the pods of deleted Nodes. */
  collectOrphanedPods(): Promise<void>;
  applyNetwork(network: Network): Promise<NetworkRef>;
  /** Writes down that addresses of an ENI are ours, and were this pod's, as the functions do. */
  recordAddresses(eniId: string, addresses: readonly string[], pod?: PodRef): Promise<void>;
  /** Writes or edits the ledger of an ENI by hand, as an administrator may; `null` takes an entry out. */
  editLedger(eniId: string, addresses: Readonly<Record<string, LedgerEdit | null>>): Promise<void>;
  /** `kubectl delete eniledgers --all`. */
  deleteLedgers(): Promise<void>;
  runPod(name: string, spec: PodSpec): Promise<PodRef>;
  /** `force`: the object goes at once, whatever its node does. */
  deletePod(pod: PodRef, options?: { readonly force?: boolean }): Promise<void>;
  annotatePod(pod: PodRef, annotations: Readonly<Record<string, string | null>>): Promise<void>;
  /** Writes our condition, as somebody may who can patch any status and whom no policy hinders. */
  forgeCondition(pod: PodRef, condition: object): Promise<void>;
  finishPod(pod: PodRef): Promise<void>;
  /** `undefined` if that very pod is gone. */
  pod(pod: PodRef): Promise<(Pod & { readonly ready: boolean }) | undefined>;
  /** What our condition says; `undefined` without one. */
  conditionOf(pod: PodRef): Promise<Pod['condition']>;
  /** The Events that the reconciler wrote about a pod or a network, the oldest first. */
  eventsOf(object: { readonly uid: string }): Promise<readonly PodEvent[]>;
  /** The addresses that its network-status gives the pod, the default network's left out. */
  attachedTo(pod: PodRef): Promise<readonly string[]>;
  /** From now on nothing happens on the worker: pods that are deleted stay terminating. */
  stopKubelet(worker: Worker): Promise<void>;
  startKubelet(worker: Worker): Promise<void>;
  /** Every pod's sandbox is made anew. */
  reboot(worker: Worker): Promise<void>;
}

export interface Cloud {
  /** The secondary addresses on an ENI, IPv4 and IPv6, in order. */
  addressesOn(eniId: string): Promise<readonly string[]>;
  /** Its secondary IPv4 addresses as DescribeNetworkInterfaces shows them, which may lag behind. */
  shownOn(eniId: string): Promise<readonly string[]>;
  /** As an operator would by hand. */
  assign(eniId: string, addresses: readonly string[]): Promise<void>;
  /** As an operator would by hand: IPv4 alone. */
  unassign(eniId: string, addresses: readonly string[]): Promise<void>;
  delegatePrefix(eniId: string, cidr: string): Promise<void>;
  terminate(worker: Worker): Promise<void>;
  /** An ENI with addresses, on an instance that is nobody's node: in the VPC, or in another one. */
  addStranger(options: {
    readonly addresses: readonly string[];
    readonly otherVpc?: boolean;
  }): Promise<string>;
  /** Detached ENIs with the managed tag. */
  addSpareEnis(count: number): Promise<void>;
}

export interface StageQueue {
  /** Sends bodies to one group, in order. @returns the messages' ids. */
  send(group: string, bodies: readonly string[]): Promise<readonly string[]>;
  /** Waits until a message was invoked with and is done. */
  done(messageId: string): Promise<void>;
  deadLetters(): Promise<readonly { readonly body: string; readonly reason?: string }[]>;
  /** How many messages wait or are in flight. */
  size(): Promise<number>;
}

/** What goes wrong on demand; the column's internals, not part of what anyone could do. */
export interface StageFaults {
  /** The next calls of an EC2 action have their effect, and their answers are lost. */
  loseEc2Answer(action: string, times: number): void;
  /** EC2 throttles an action to a bucket of `tokens` that refills by `perSecond`. */
  throttleEc2(action: string, tokens: number, perSecond: number): void;
  /** How many calls EC2 has throttled. */
  throttled(): number;
  /** What DescribeNetworkInterfaces shows is `ms` milliseconds old. */
  lagEc2(ms: number): void;
  /** When calls of an EC2 action arrived, ms since the epoch. */
  ec2CallsAt(action: string): readonly number[];
  /** The API server cuts every connection until `comeUp`. */
  goDown(cluster: string): void;
  comeUp(cluster: string): void;
}

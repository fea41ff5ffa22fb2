import type { EC2Client } from '@aws-sdk/client-ec2';
import type { VirtualClock } from '../../../../sandbox/clock.ts';
import type { Ec2Server } from '../../../../sandbox/ec2/server.ts';
import { type Acted, type ActOptions, act } from '../../../../shared/apply/act.ts';
import { DEFAULT_MANAGED_TAG } from '../../../../shared/enis/ec2.ts';
import { cachedInstanceLimits } from '../../../../shared/enis/instance-limits.ts';
import { eniInventory } from '../../../../shared/enis/inventory.ts';
import { cachedSubnets } from '../../../../shared/enis/subnets.ts';
import { plan } from '../../../../shared/plan/plan.ts';
import { POLICIES } from '../../../../shared/plan/policy.ts';
import type { Problem } from '../../../../shared/plan/problem.ts';
import {
  type Decision,
  isNewlyAssigned,
  problemsOf,
  type Verdict,
  wanting,
} from '../../../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../../../shared/state/cluster-access.ts';
import { type NodeState, readNode } from '../../../../shared/state/node-state.ts';
import { changeAddresses } from '../../../support/change-addresses.ts';
import {
  type InMemoryKubernetes,
  inMemoryKubernetes,
  ipvlanDefinition,
  podWith,
  recordIn,
} from '../../../support/in-memory-kubernetes.ts';
import { startSandboxEc2 } from '../../../support/sandbox-ec2.ts';
import { type RecordedTelemetry, recordedTelemetry } from '../../../support/telemetry.ts';
import { address } from '../plan/fixtures.ts';

export const TAGS = {
  [DEFAULT_MANAGED_TAG.key]: DEFAULT_MANAGED_TAG.value,
  'cluster.k8s.amazonaws.com/name': 'demo',
};

/** Nothing is told of conflicts. */
const USUAL: ActOptions = {
  lookFirst: () => false,
  signs: true,
  by: 'request-1',
  onRefused: () => undefined,
};

/** What was done, by what came of it. */
export interface Done extends Acted {
  readonly assigned: readonly string[];
  readonly released: readonly string[];
  /** Were released, and EC2 said that it did not have them. */
  readonly absent: readonly string[];
  /** Nobody knows what became of these. */
  readonly open: readonly string[];
  readonly takenOver: readonly string[];
  readonly problems: readonly Problem[];
}

export interface ActWorker {
  readonly node: string;
  readonly instanceId: string;
  /** At device index 1, in 172.16.1.0/24. */
  readonly eth1: string;
  /** At device index 2, in the same subnet. */
  readonly eth2: string;
}

/** A strict EC2 behind the AWS SDK, a cluster in memory, three workers, and a clock that is driven. */
export interface ActBed {
  readonly ec2: Ec2Server;
  readonly clock: VirtualClock;
  readonly kubernetes: InMemoryKubernetes;
  readonly access: ClusterAccess;
  readonly telemetry: RecordedTelemetry;
  readonly subnetId: string;
  readonly a: ActWorker;
  readonly b: ActWorker;
  readonly c: ActWorker;
  /** The addresses of an ENI beside its primary, sorted. */
  on(eniId: string): string[];
  /** Puts addresses on an ENI as somebody else would; EC2's refusal rejects. */
  give(eniId: string, ...addresses: readonly string[]): Promise<void>;
  /** Puts addresses on an ENI, and writes down that they are ours. */
  own(eniId: string, ...addresses: readonly string[]): Promise<void>;
  take(eniId: string, ...addresses: readonly string[]): Promise<void>;
  /** The entries of an ENI's ledger: `172.16.1.70 assigned uid-p`, in order. */
  ledger(eniId: string): string[];
  read(worker: ActWorker): Promise<NodeState>;
  decide(state: NodeState): Decision;
  /** Acts, and then confirms in the ledgers; rejects if a call fails. */
  act(state: NodeState, decided: Decision, options?: Partial<ActOptions>): Promise<Done>;
  /** As `act`; what failed is in what it gives. */
  tryAct(state: NodeState, decided: Decision, options?: Partial<ActOptions>): Promise<Done>;
  /** Read, decide, act; rejects if a call fails. */
  reconcile(worker: ActWorker, options?: Partial<ActOptions>): Promise<Done>;
  /** As `reconcile`; what failed is in what it gives. */
  tryReconcile(worker: ActWorker, options?: Partial<ActOptions>): Promise<Done>;
  /** Fires timers until `task` ends. */
  drive<T>(task: Promise<T>): Promise<T>;
}

export async function startActBed(overrides: Partial<ClusterAccess> = {}): Promise<ActBed> {
  const { ec2, client, clock } = await startSandboxEc2();
  const nodes = ec2.addSubnet({ cidr: '172.16.0.0/24' });
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2001:db8:0:1::/64'] });
  const kubernetes = inMemoryKubernetes();
  const telemetry = recordedTelemetry();
  kubernetes.networks = [ipvlanDefinition('eth1', 'eth1'), ipvlanDefinition('eth2', 'eth2')];
  const worker = (node: string): ActWorker =>
    addWorker(ec2, kubernetes, node, { nodes, pods: subnetId });
  const [a, b, c] = [worker('node-a'), worker('node-b'), worker('node-c')];
  const access: ClusterAccess = {
    cluster: 'demo',
    kubernetes,
    ec2: accessThrough(client),
    policy: POLICIES.sync,
    clock,
    telemetry,
    ...overrides,
  };

  const drive = <T>(task: Promise<T>): Promise<T> => driven(clock, task);
  const bed: ActBed = {
    ec2,
    clock,
    kubernetes,
    access,
    telemetry,
    subnetId,
    a,
    b,
    c,
    on: (eniId) => [...ec2.eni(eniId).secondary, ...ec2.eni(eniId).ipv6].sort(),
    give: (eniId, ...addresses) => changeAddresses(ec2, 'Assign', eniId, addresses),
    async own(eniId, ...addresses) {
      recordIn(kubernetes, eniId, addresses.map(address));
      await bed.give(eniId, ...addresses);
    },
    take: (eniId, ...addresses) => changeAddresses(ec2, 'Unassign', eniId, addresses),
    ledger: (eniId) =>
      [...(kubernetes.ledgers.get(eniId)?.entries ?? [])]
        .map(([each, { pod, state }]) => [each, state, ...(pod ? [pod.uid] : [])].join(' '))
        .sort(),
    async read(worker) {
      const reading = await readNode(access, worker);
      if (reading.kind !== 'state') throw new Error(`${worker.node}: ${reading.kind}`);
      return reading.state;
    },
    decide: (state) => plan(state, { unassigns: access.policy.unassigns }),
    act: async (state, decided, options) => unlessFailed(await bed.tryAct(state, decided, options)),
    tryAct: (state, decided, options) => drive(confirmed(access, state, decided, options)),
    reconcile: async (at, options) => unlessFailed(await bed.tryReconcile(at, options)),
    async tryReconcile(at, options) {
      const state = await bed.read(at);
      return bed.tryAct(state, bed.decide(state), options);
    },
    drive,
  };
  return bed;
}

/** A pod on node A claims addresses, which are leftovers of ours on worker B’s ENI. */
export async function startContested(ips: readonly string[] = ['172.16.1.70']): Promise<ActBed> {
  const bed = await startActBed();
  await bed.own(bed.b.eth1, ...ips);
  bed.kubernetes.pods = [podWith('node-a', 'claimant', ips)];
  bed.ec2.calls.clear();
  return bed;
}

function addWorker(
  ec2: Ec2Server,
  kubernetes: InMemoryKubernetes,
  node: string,
  subnets: { readonly nodes: string; readonly pods: string },
): ActWorker {
  const eni = { subnetId: subnets.pods, tags: TAGS };
  const { instanceId, enis } = ec2.addInstance({
    type: 'm5.large',
    enis: [
      { deviceIndex: 0, subnetId: subnets.nodes },
      { deviceIndex: 1, ...eni },
      { deviceIndex: 2, ...eni },
    ],
  });
  const [, eth1, eth2] = enis;
  kubernetes.nodes.push({ name: node, uid: `uid-${node}`, instanceId, instanceType: 'm5.large' });
  return { node, instanceId, eth1: eth1?.id ?? '', eth2: eth2?.id ?? '' };
}

function accessThrough(client: EC2Client): ClusterAccess['ec2'] {
  const managedTag = DEFAULT_MANAGED_TAG;
  return {
    client,
    managedTag,
    inventory: eniInventory(client, managedTag),
    subnets: cachedSubnets(client),
    limitsOf: cachedInstanceLimits(client),
  };
}

/** Acts, marks what was taken over, and confirms what EC2 has answered, as a reconcile does. */
async function confirmed(
  access: ClusterAccess,
  state: NodeState,
  decided: Decision,
  options: Partial<ActOptions> = {},
): Promise<Done> {
  const acted = await act(access, state, decided, { ...USUAL, ...options });
  await acted.ledger.mark();
  const late = await acted.ledger.after().then(
    () => [],
    (error: unknown) => [error],
  );
  return doneOf({ ...acted, failures: [...acted.failures, ...late] }, decided);
}

function doneOf(acted: Acted, { podProblems }: Decision): Done {
  const { verdicts } = acted;
  const addresses = (given: readonly Verdict[]) => given.map((verdict) => verdict.address);
  const isDone = (done: string) => (verdict: Verdict) => 'done' in verdict && verdict.done === done;
  const releases = wanting(verdicts, 'release');
  return {
    ...acted,
    assigned: addresses(verdicts.filter(isNewlyAssigned)),
    released: addresses(releases.filter(isDone('yes'))),
    absent: addresses(releases.filter(isDone('absent'))),
    open: addresses(verdicts.filter(isDone('open'))),
    takenOver: addresses(verdicts.filter((each) => 'takenFrom' in each && each.takenFrom)),
    problems: problemsOf({ verdicts, podProblems }),
  };
}

function unlessFailed(done: Done): Done {
  if (done.failures.length > 0) throw done.failures[0];
  return done;
}

/** Moves the clock to its next timer whenever there is one, until `task` has ended. */
async function driven<T>(clock: VirtualClock, task: Promise<T>): Promise<T> {
  let ended = false;
  const watched = task.finally(() => {
    ended = true;
  });
  watched.catch(() => undefined);
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve));
    const due = clock.nextTimer();
    if (!ended && due !== undefined) clock.advance(due - clock.now());
  }
  return watched;
}

/** Calls of each action that changes something, in order: `Assign eni-… 172.16.1.70`. */
export function changesIn(ec2: Ec2Server): string[] {
  return ec2.calls
    .all()
    .filter(({ action }) => action.includes('ssign'))
    .map(({ action, params }) => {
      const addresses = Object.entries(params).filter(([name]) => /Address(es)?\.\d+$/.test(name));
      const [what] = /^(Una|A)ssign/.exec(action) ?? [];
      return `${what} ${params.NetworkInterfaceId} ${addresses.map(([, each]) => each).join(' ')}`;
    });
}

import type { EC2Client } from '@aws-sdk/client-ec2';
import type { VirtualClock } from '../../../../sandbox/clock.ts';
import type { Ec2Server } from '../../../../sandbox/ec2/server.ts';
import { type Applied, type ApplyOptions, apply } from '../../../../shared/apply/apply.ts';
import { DEFAULT_MANAGED_TAG } from '../../../../shared/enis/ec2.ts';
import { cachedInstanceLimits } from '../../../../shared/enis/instance-limits.ts';
import { eniInventory } from '../../../../shared/enis/inventory.ts';
import { cachedSubnets } from '../../../../shared/enis/subnets.ts';
import type { Plan } from '../../../../shared/plan/decision.ts';
import { plan } from '../../../../shared/plan/plan.ts';
import { POLICIES } from '../../../../shared/plan/policy.ts';
import type { ClusterAccess } from '../../../../shared/state/cluster-access.ts';
import { type NodeState, readNode } from '../../../../shared/state/node-state.ts';
import { changeAddresses } from '../../../support/change-addresses.ts';
import {
  type InMemoryKubernetes,
  inMemoryKubernetes,
  ipvlanDefinition,
  podWith,
} from '../../../support/in-memory-kubernetes.ts';
import { startSandboxEc2 } from '../../../support/sandbox-ec2.ts';
import { type RecordedTelemetry, recordedTelemetry } from '../../../support/telemetry.ts';
import { address } from '../plan/fixtures.ts';

export const TAGS = {
  [DEFAULT_MANAGED_TAG.key]: DEFAULT_MANAGED_TAG.value,
  'cluster.k8s.amazonaws.com/name': 'demo',
};

/** Nothing is told of conflicts, and nothing that is kept is assigned again. */
const NO_CONFLICTS: ApplyOptions = { assignKept: false, lookFirst: () => false };

export interface ApplyWorker {
  readonly node: string;
  readonly instanceId: string;
  /** At device index 1, in 172.16.1.0/24. */
  readonly eth1: string;
  /** At device index 2, in the same subnet. */
  readonly eth2: string;
}

/** A strict EC2 behind the AWS SDK, a cluster in memory, three workers, and a clock that is driven. */
export interface ApplyBed {
  readonly ec2: Ec2Server;
  readonly clock: VirtualClock;
  readonly kubernetes: InMemoryKubernetes;
  readonly access: ClusterAccess;
  readonly telemetry: RecordedTelemetry;
  readonly subnetId: string;
  readonly a: ApplyWorker;
  readonly b: ApplyWorker;
  readonly c: ApplyWorker;
  /** The addresses of an ENI beside its primary, sorted. */
  on(eniId: string): string[];
  /** Puts addresses on an ENI as somebody else would; EC2's refusal rejects. */
  give(eniId: string, ...addresses: readonly string[]): Promise<void>;
  take(eniId: string, ...addresses: readonly string[]): Promise<void>;
  read(worker: ApplyWorker): Promise<NodeState>;
  decide(state: NodeState, named?: readonly string[]): Plan;
  /** Rejects where a call fails. */
  apply(state: NodeState, decided: Plan, options?: Partial<ApplyOptions>): Promise<Applied>;
  /** As `apply`; what failed is in what it gives. */
  tryApply(state: NodeState, decided: Plan, options?: Partial<ApplyOptions>): Promise<Applied>;
  /** Read, decide, apply; rejects where a call fails. */
  reconcile(worker: ApplyWorker, options?: Partial<ApplyOptions>): Promise<Applied>;
  /** As `reconcile`; what failed is in what it gives. */
  tryReconcile(worker: ApplyWorker, options?: Partial<ApplyOptions>): Promise<Applied>;
  /** Fires timers until `task` ends. */
  drive<T>(task: Promise<T>): Promise<T>;
}

export async function startApplyBed(overrides: Partial<ClusterAccess> = {}): Promise<ApplyBed> {
  const { ec2, client, clock } = await startSandboxEc2();
  const nodes = ec2.addSubnet({ cidr: '172.16.0.0/24' });
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2001:db8:0:1::/64'] });
  const kubernetes = inMemoryKubernetes();
  const telemetry = recordedTelemetry();
  kubernetes.networks = [ipvlanDefinition('eth1', 'eth1'), ipvlanDefinition('eth2', 'eth2')];
  const worker = (node: string): ApplyWorker =>
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
  const bed: ApplyBed = {
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
    take: (eniId, ...addresses) => changeAddresses(ec2, 'Unassign', eniId, addresses),
    async read({ node, instanceId }) {
      const reading = await readNode(access, node, instanceId);
      if (reading.kind !== 'state') throw new Error(`${node}: ${reading.kind}`);
      return reading.state;
    },
    decide: (state, named = []) =>
      plan({
        ...state,
        named: new Set(named.map(address)),
        unassigns: access.policy.unassigns,
      }),
    apply: async (state, decided, options) =>
      unlessFailed(await bed.tryApply(state, decided, options)),
    tryApply: (state, decided, options) =>
      drive(apply(access, state, decided, { ...NO_CONFLICTS, ...options })),
    reconcile: async (at, options) => unlessFailed(await bed.tryReconcile(at, options)),
    async tryReconcile(at, options) {
      const state = await bed.read(at);
      return bed.tryApply(state, bed.decide(state), options);
    },
    drive,
  };
  return bed;
}

/** A pod on node A claims addresses, which worker B’s ENI has. */
export async function startContested(ips: readonly string[] = ['172.16.1.70']): Promise<ApplyBed> {
  const bed = await startApplyBed();
  await bed.give(bed.b.eth1, ...ips);
  bed.kubernetes.pods = [podWith('node-a', 'claimant', ips)];
  bed.ec2.calls.clear();
  return bed;
}

function addWorker(
  ec2: Ec2Server,
  kubernetes: InMemoryKubernetes,
  node: string,
  subnets: { readonly nodes: string; readonly pods: string },
): ApplyWorker {
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

function unlessFailed(applied: Applied): Applied {
  if (applied.failures.length > 0) throw applied.failures[0];
  return applied;
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

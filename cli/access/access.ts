import { ClusterUnavailableError } from '../../shared/cluster/eks.ts';
import { describeKubernetesError } from '../../shared/cluster/errors.ts';
import type { Config, JoinedCluster } from '../../shared/config.ts';
import {
  type Control,
  letsGo,
  NO_CONTROL,
  type Stop,
  stopOf,
  stoppedBy,
} from '../../shared/control.ts';
import { DEFAULT_MANAGED_TAG } from '../../shared/enis/ec2.ts';
import { cachedInstanceLimits } from '../../shared/enis/instance-limits.ts';
import { eniInventory } from '../../shared/enis/inventory.ts';
import { inventoryOf } from '../../shared/enis/of-cluster.ts';
import { cachedSubnets } from '../../shared/enis/subnets.ts';
import { POLICIES } from '../../shared/plan/policy.ts';
import { boundsOf, type ClusterAccess } from '../../shared/state/cluster-access.ts';
import type { Telemetry } from '../../shared/telemetry.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Asking, eksClient } from '../aws-clients.ts';
import { BadInput, Failed, trying } from '../failure.ts';
import { lookingEc2 } from './ec2.ts';
import { type Api, apiOfEks, apiOfKubeconfig, kubeconfigPath } from './kubernetes.ts';
import { readStage, type Stage } from './stage.ts';

/** Which cluster is meant, and how it is reached: as options give it. */
export interface ClusterChoice {
  /** The stage whose functions serve it: they know ranges, policy and tag. */
  readonly stage?: string;
  readonly cluster?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly region?: string;
}

/** One cluster, to be looked at. */
export interface Look {
  readonly access: ClusterAccess;
  readonly api: Api;
  /** Absent without a stage: then no ranges, the policy `sync` and the usual tag are taken for granted. */
  readonly config?: Config;
  /** The stage that was named. */
  readonly stage?: string;
  /** Where the cluster joined the stage by a stack of its own: its queue is its own, too. */
  readonly joined?: JoinedCluster;
  readonly region: string | undefined;
  /** What an operator stopped there. */
  readonly stop?: Stop;
  /** What the brake withholds there may be released, as an operator let it go. */
  readonly letsGo?: boolean;
  /** How many requests AWS and the API server were sent. */
  calls(): number;
}

export interface Surroundings {
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Tells nobody: what a look finds is on the screen. */
const SILENT: Telemetry = { info() {}, warn() {}, error() {}, metric() {} };

/**
 * The one cluster that the options name, by the functions' own code and the operator's credentials.
 *
 * @throws BadInput if the options name none, or several; Failed if it cannot be reached.
 */
export async function lookAt(choice: ClusterChoice, around: Surroundings): Promise<Look> {
  const { stage, region, cluster } = choice;
  const counter = countingCalls(around.clock);
  if (stage === undefined) return connected({}, choice, around, counter);
  const known = await readStage({ stage, region, cluster }, counter);
  const served = clusterIn(known, choice);
  return connected(
    { config: known.config, control: known.control, served },
    choice,
    around,
    counter,
  );
}

/** Counts what AWS is asked. */
interface Counter extends Asking {
  calls(): number;
}

function countingCalls(clock: Clock): Counter {
  let calls = 0;
  const onCall = () => {
    calls += 1;
  };
  return { clock, onCall, calls: () => calls };
}

/** @param of the stage and its cluster; empty without a stage. */
async function connected(
  of: { readonly config?: Config; readonly control?: Control; readonly served?: Served },
  choice: ClusterChoice,
  around: Surroundings,
  counter: Counter,
): Promise<Look> {
  const { config, control = NO_CONTROL, served } = of;
  const { stage, region } = choice;
  const joined = served?.joined;
  const named = served?.name ?? choice.cluster;
  const { name, api } = await unlessRefused(named ?? choice.context ?? 'kubeconfig', () =>
    connect(choice, named, config?.region ?? region, around, counter),
  );
  const configured = joined ?? config?.clusters.find((cluster) => cluster.name === name);
  const client = lookingEc2(config?.region ?? region, counter);
  const managedTag = config?.managedTag ?? DEFAULT_MANAGED_TAG;
  const inventory = eniInventory(client, managedTag);
  const stop = stopOf(control, name);
  const access: ClusterAccess = {
    cluster: name,
    kubernetes: api.kubernetes,
    ec2: {
      client,
      managedTag,
      // A kubeconfig's context may have any name: only a named cluster is held against the ENIs' tags.
      inventory: named === undefined ? inventory : inventoryOf(named, inventory),
      subnets: cachedSubnets(client),
      limitsOf: cachedInstanceLimits(client),
    },
    ...boundsOf(configured ?? {}),
    policy: stoppedBy(configured?.policy ?? POLICIES.sync, stop),
    clock: around.clock,
    telemetry: SILENT,
  };
  const calls = () => api.calls() + counter.calls();
  const letGo = letsGo(control, name, around.clock.now());
  return { access, api, config, stage, joined, region, stop, letsGo: letGo, calls };
}

/**
 * The clusters that the options mean: of a stage without `--cluster` all that its configuration lists, and where
 * it lists none, all that joined. Throws as `lookAt`.
 */
export async function looksAt(
  choice: ClusterChoice,
  around: Surroundings,
): Promise<readonly Look[]> {
  const { stage, region } = choice;
  if (choice.cluster !== undefined || stage === undefined) return [await lookAt(choice, around)];
  const counter = countingCalls(around.clock);
  const known = await readStage({ stage, region }, counter);
  const { config, control } = known;
  const looks: Look[] = [];
  for (const served of servedBy(known)) {
    // What they have in common was asked for once, and counts once.
    const own = looks.length === 0 ? counter : countingCalls(around.clock);
    looks.push(await connected({ config, control, served }, choice, around, own));
  }
  return looks;
}

/** A cluster of a stage, and its settings, where it joined by a stack of its own. */
interface Served {
  readonly name: string;
  readonly joined?: JoinedCluster;
}

/** The cluster that is named, else the only one. */
function clusterIn(known: Stage, { stage, cluster: name }: ClusterChoice): Served {
  if (name === undefined) return onlyOne(known, stage);
  const listed = known.config.clusters.map((each) => each.name);
  if (listed.includes(name)) return { name };
  const joined = known.joined().find((each) => each.name === name);
  if (joined !== undefined) return { name, joined };
  throw new BadInput(
    `stage ${stage} has no cluster ${name}: it has ${listed.join(', ') || 'none in its configuration'}`,
  );
}

function onlyOne(known: Stage, stage: string | undefined): Served {
  const [only, ...others] = servedBy(known);
  if (only === undefined) {
    throw new BadInput(
      `stage ${stage} has no cluster: its configuration lists none, and none joined`,
    );
  }
  if (others.length === 0) return only;
  const names = [only, ...others].map(({ name }) => name).join(', ');
  throw new BadInput(`stage ${stage} has several clusters: give --cluster, one of ${names}`);
}

/** Those of the configuration; where it lists none, those that joined. */
function servedBy({ config, joined }: Stage): Served[] {
  if (config.clusters.length > 0) return config.clusters.map(({ name }) => ({ name }));
  return joined().map((each) => ({ name: each.name, joined: each }));
}

async function connect(
  { kubeconfig, context }: ClusterChoice,
  named: string | undefined,
  region: string | undefined,
  { clock, environment }: Surroundings,
  { onCall }: Asking,
): Promise<{ readonly name: string; readonly api: Api }> {
  const path = kubeconfigPath(kubeconfig, environment);
  if (path !== undefined) {
    const { name, api } = await apiOfKubeconfig(path, context, clock);
    return { name: named ?? name, api };
  }
  if (named === undefined) {
    throw new BadInput('which cluster? Give --cluster, --stage or --kubeconfig');
  }
  onCall?.();
  return { name: named, api: await apiOfEks(eksClient(region), named, clock) };
}

/**
 * Runs what reads a cluster; what it throws becomes a line that says what to do.
 *
 * @throws BadInput if EKS has no such cluster, else Failed.
 */
export async function unlessRefused<T>(cluster: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BadInput || error instanceof Failed) throw error;
    const line = describeKubernetesError(error, { cluster });
    if (error instanceof ClusterUnavailableError && error.errorCode === 'cluster-not-found') {
      throw new BadInput(line, { cause: error });
    }
    if (isAws(error)) return trying(`look at cluster ${cluster}`, () => Promise.reject(error));
    throw new Failed(line, { cause: error });
  }
}

function isAws(error: unknown): boolean {
  return (
    error instanceof Error &&
    ('$metadata' in error || /Credentials|Region/.test(error.name + error.message))
  );
}

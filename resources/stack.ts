import type { StageSettings } from '../config/schema.ts';
import { alarms } from './alarm-resources.ts';
import { budgetTable } from './budget-table.ts';
import { merged, type Outputs, type Resources } from './cloudformation.ts';
import { clusterAccess } from './cluster-access.ts';
import { dashboard } from './dashboard.ts';
import { environment } from './environment.ts';
import { forwarderIdentity } from './forwarder-identity.ts';
import { functionRoles } from './function-roles.ts';
import { guarded, guardedOfOsls } from './guardrails.ts';
import { idOf, TIMEOUT_SECONDS } from './names.ts';
import { outputs } from './outputs.ts';
import { owner } from './owner.ts';
import { queues } from './queues.ts';
import { reassignmentBell } from './reassignment.ts';
import { schedule } from './schedule.ts';
import { stageSettings } from './stage-settings.ts';

/** CloudFormation: 500 resources a template, some of which osls adds for the functions. */
const MAX_RESOURCES = 480;

/** What serverless.yml takes from `${stack:…}`. */
export interface Stack {
  readonly region: string;
  readonly logRetentionDays: number;
  readonly concurrency: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeouts: Readonly<Record<string, number>>;
  readonly memoryMiB: Readonly<Record<string, number>>;
  /** What Lambda calls it: without tracing of its own a function still passes a trace on. */
  readonly tracing: 'Active' | 'PassThrough';
  readonly tags?: Readonly<Record<string, string>>;
  readonly deployment: Deployment;
  readonly vpc?: unknown;
  readonly template: {
    readonly Resources: Resources;
    readonly Outputs: Outputs;
    /** What is added to the resources that osls makes. */
    readonly extensions: ReturnType<typeof guardedOfOsls>;
  };
}

/** How osls deploys. */
interface Deployment {
  readonly method: 'direct' | 'changesets';
  /** Absent: the stack makes one. */
  readonly bucket?: string;
  readonly role?: string;
}

/**
 * All of a stage's stack but the functions themselves, which osls packages. Pure.
 *
 * @throws an Error if the clusters are too many for one stack.
 */
export function stackOf(stage: string, settings: StageSettings): Stack {
  const Resources = merged(
    queues(stage, settings),
    budgetTable(stage, settings),
    stageSettings(stage, settings),
    functionRoles(stage, settings),
    schedule(stage, settings),
    ...settings.clusters.flatMap((cluster) => [
      clusterAccess(cluster),
      { [`Owner${idOf(cluster.name)}`]: owner(cluster.name, stage) },
      forwarderIdentity(cluster, settings),
    ]),
    alarms(stage, settings),
    reassignmentBell(stage, settings),
    settings.dashboard ? dashboard(stage) : {},
  );
  const count = Object.keys(Resources).length;
  if (count > MAX_RESOURCES) {
    throw new Error(
      `clusters: ${settings.clusters.length} clusters make ${count} resources, and CloudFormation ` +
        `takes ${MAX_RESOURCES} of them: put some of the clusters into a stage of their own`,
    );
  }
  return {
    region: settings.region,
    logRetentionDays: settings.logRetentionDays,
    concurrency: settings.concurrency,
    environment: environment(stage, settings),
    timeouts: TIMEOUT_SECONDS,
    memoryMiB: settings.memoryMiB,
    tracing: settings.tracing ? 'Active' : 'PassThrough',
    ...(settings.tags && { tags: settings.tags }),
    deployment: deploymentOf(settings),
    ...(settings.vpc && { vpc: settings.vpc }),
    template: {
      Resources: guarded(stage, settings, Resources),
      Outputs: outputs(stage, settings),
      extensions: guardedOfOsls(settings),
    },
  };
}

function deploymentOf({ deployment: { bucket, role, changeSets } }: StageSettings): Deployment {
  return {
    method: changeSets ? 'changesets' : 'direct',
    ...(bucket !== undefined && { bucket }),
    ...(role !== undefined && { role }),
  };
}

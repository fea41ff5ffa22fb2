import type { Config } from '../../../shared/config.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import type { Look } from '../../access/access.ts';
import { type BookingsTable, bookingsTable } from '../../bookings-table.ts';
import { redriveOf } from '../../queues.ts';
import type { View } from '../../view/view.ts';
import { asked, ifKnown, type MaybeKnown } from '../maybe-known.ts';
import { type StageClients, stageClients } from './clients.ts';
import { type EksCluster, readCluster, readGroups } from './cluster.ts';
import {
  type DeployedFunction,
  type Mapping,
  readConcurrency,
  readFunction,
  readMappings,
} from './functions.ts';
import { readOwner } from './owner.ts';
import { type Denied, neededOf, readDenied } from './permissions.ts';
import { type QueueFacts, readQueueFacts } from './queue.ts';
import { readSchedules, type Schedule } from './schedules.ts';

/** What is deployed in AWS to serve a cluster. */
export interface StageFacts {
  readonly stage: string;
  readonly queueUrl: string;
  readonly functions: MaybeKnown<Functions>;
  /** `undefined` if there is none. */
  readonly queue: MaybeKnown<QueueFacts | undefined>;
  readonly deadLetters: MaybeKnown<QueueFacts | undefined>;
  /** Those by which Lambda reads the queue for `reconcile`: one at most. */
  readonly mappings: MaybeKnown<readonly Mapping[]>;
  /** Those of the stage's other clusters too. */
  readonly allMappings: MaybeKnown<readonly Mapping[]>;
  /** How many executions each execution believes to share EC2's calls. */
  readonly writers: number;
  /** Where executions book EC2's calls; absent: nowhere. */
  readonly bookings?: Pick<BookingsTable, 'name' | 'region'> & {
    /** `undefined` if there is no such table. */
    readonly key: MaybeKnown<readonly string[] | undefined>;
  };
  readonly schedules: MaybeKnown<readonly Schedule[]>;
  readonly concurrency: MaybeKnown<number>;
  readonly cluster: MaybeKnown<EksCluster>;
  /** The groups of each function's role in the cluster; `undefined` without an access entry. */
  readonly groups: MaybeKnown<ReadonlyMap<string, readonly string[] | undefined>>;
  readonly denied: MaybeKnown<readonly Denied[]>;
  /** The stage that serves the cluster; `undefined` if nothing says so. */
  readonly owner: MaybeKnown<string | undefined>;
  /** The version of the functions; absent if they do not tell it. */
  readonly version?: string;
}

interface Functions {
  readonly reconcile: DeployedFunction;
  readonly sweep: DeployedFunction;
}

/** What may not be asked costs only the checks that need it. */
export async function readStageStack(
  look: Look & { readonly config: Config },
  stage: string,
  view: View,
  clock: Clock,
): Promise<StageFacts> {
  const { config, joined, access } = look;
  const clients = stageClients(config.region, clock);
  const prefix = `multus-eni-reconciler-${stage}-`;
  const { cluster } = access;
  const queueUrl = joined?.queueUrl ?? config.queueUrl;
  const table = config.ec2.table && bookingsTable(config.ec2.table, config.region, clock);
  const [functions, queue, deadLetters, schedules, concurrency, eks] = await Promise.all([
    asked('lambda:GetFunctionConfiguration', () => readFunctions(clients, prefix)),
    asked('sqs:GetQueueAttributes', () => readQueueFacts(clients.sqs, queueUrl)),
    asked('sqs:GetQueueAttributes', () => readDeadLetters(clients, look, queueUrl)),
    asked('scheduler:ListSchedules, scheduler:GetSchedule', () =>
      readSchedules(clients.scheduler, prefix, `${prefix}sweep`, cluster),
    ),
    asked('lambda:GetAccountSettings', () => readConcurrency(clients.lambda)),
    asked('eks:DescribeCluster', () => readCluster(clients.eks, cluster)),
  ]);
  const [allMappings, groups, denied, owner, bookings] = await Promise.all([
    asked('lambda:ListEventSourceMappings', () =>
      readMappings(clients.lambda, `${prefix}reconcile`),
    ),
    ifKnown(functions, (known) =>
      asked('eks:DescribeAccessEntry', () => readAllGroups(clients, cluster, known)),
    ),
    readAllDenied(clients, look, view, { functions, queue, deadLetters, eks }),
    asked('ssm:GetParameters', () => readOwner(clients.ssm, cluster)),
    table && asked('dynamodb:DescribeTable', () => table.readKey()),
  ]);
  const mappings = ifKnown(allMappings, (all) =>
    ifKnown(queue, (known) => ({
      known: all.filter(({ queueArn }) => queueArn === known?.arn),
    })),
  );
  const { version } = config;
  return {
    ...{ stage, queueUrl, functions, queue, deadLetters, mappings, schedules, concurrency },
    ...{ cluster: eks, groups, denied, owner, version, allMappings, writers: config.ec2.writers },
    ...(table &&
      bookings && { bookings: { name: table.name, region: table.region, key: bookings } }),
  };
}

async function readFunctions({ lambda }: StageClients, prefix: string): Promise<Functions> {
  const [reconcile, sweep] = await Promise.all([
    readFunction(lambda, `${prefix}reconcile`),
    readFunction(lambda, `${prefix}sweep`),
  ]);
  return { reconcile, sweep };
}

async function readDeadLetters(
  { sqs }: StageClients,
  { config, joined }: Look,
  queueUrl: string,
): Promise<QueueFacts | undefined> {
  const url = joined
    ? (await redriveOf(sqs, queueUrl))?.deadLetterQueueUrl
    : config?.deadLetterQueueUrl;
  return url === undefined ? undefined : readQueueFacts(sqs, url);
}

async function readAllGroups({ eks }: StageClients, cluster: string, functions: Functions) {
  const roles = new Set([functions.reconcile.roleArn, functions.sweep.roleArn]);
  const groups = new Map<string, readonly string[] | undefined>();
  for (const role of roles) groups.set(role, await readGroups(eks, cluster, role));
  return groups;
}

async function readAllDenied(
  { iam }: StageClients,
  { access, config }: Look,
  view: View,
  facts: Pick<StageFacts, 'functions' | 'queue' | 'deadLetters'> & { eks: MaybeKnown<EksCluster> },
): Promise<StageFacts['denied']> {
  const { functions, queue, deadLetters, eks } = facts;
  if ('unasked' in functions) return functions;
  if ('unasked' in queue) return queue;
  if ('unasked' in eks) return eks;
  const { reconcile, sweep } = functions.known;
  const queueArn = queue.known?.arn;
  if (queueArn === undefined) return { unasked: 'the queue does not exist' };
  // arn:<partition>:lambda:<region>:<account>:function:<name>
  const [, partition, , region, account] = reconcile.arn.split(':');
  const managed = view.allEnis.find((eni) => eni.managed);
  const needed = neededOf({
    roles: { reconcile: reconcile.roleArn, sweep: sweep.roleArn },
    clusterArn: eks.known.arn,
    queueArn,
    ...('known' in deadLetters && { deadLetterQueueArn: deadLetters.known?.arn }),
    ...(managed && {
      eniArn: `arn:${partition}:ec2:${region}:${account}:network-interface/${managed.id}`,
    }),
    ...(config?.ec2.table !== undefined && {
      bookingsArn: `arn:${partition}:dynamodb:${region}:${account}:table/${config.ec2.table}`,
    }),
    managedTag: access.ec2.managedTag,
  });
  return asked('iam:SimulatePrincipalPolicy', () => readDenied(iam, needed));
}

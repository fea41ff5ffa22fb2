import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type CallLimits, limitedCalls, requestLimits, unlogged } from '../shared/aws-calls.ts';
import { clusters as eksClusters } from '../shared/cluster/connect.ts';
import type { Kubernetes } from '../shared/cluster/kubernetes.ts';
import type { ClusterConfig, Config } from '../shared/config.ts';
import { rememberedAttachments } from '../shared/enis/attachments.ts';
import type { UpdateItem } from '../shared/enis/bookings.ts';
import { callBudget } from '../shared/enis/call-budget.ts';
import { countingEc2 } from '../shared/enis/counting-ec2.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import { EniProtocol } from '../shared/enis/eni-protocol.ts';
import { gatheredReads } from '../shared/enis/gathered-reads.ts';
import { cachedInstanceLimits } from '../shared/enis/instance-limits.ts';
import { type EniInventory, eniInventory } from '../shared/enis/inventory.ts';
import { inventoryOf } from '../shared/enis/of-cluster.ts';
import { cachedSubnets } from '../shared/enis/subnets.ts';
import { messageSender, type SendMessages } from '../shared/messages/queue.ts';
import type { Sqs } from '../shared/messages/sqs.ts';
import { signedJson } from '../shared/signed-json.ts';
import { boundsOf, type ClusterAccess, type Ec2Access } from '../shared/state/cluster-access.ts';
import { ALL_CLUSTERS, type Telemetry } from '../shared/telemetry.ts';
import { type Clock, sleep } from '../shared/time/clock.ts';
import { type Admission, createAdmission } from './admission.ts';
import { type Brake, createBrake } from './brake.ts';
import { type Controls, createControls } from './control.ts';
import { type ReadSettings, type ServedClusters, servedClusters } from './served-clusters.ts';
import { sharedBuckets } from './shared-budget.ts';

/** A node has 45 s for all of its calls. */
const LIMITS: CallLimits = { connectMs: 3_000, requestMs: 10_000, callMs: 30_000 };

/** All that the functions call. */
export interface Clients {
  readonly ec2: Ec2;
  /** Sends each call once; see `Ec2Access`. */
  readonly ec2Once: Ec2;
  readonly sqs: Sqs;
  readonly kubernetesOf: (cluster: { readonly name: string }) => Promise<Kubernetes>;
  /** DynamoDB's `UpdateItem`; absent: nothing is booked. */
  readonly updateItem?: UpdateItem;
  /** The settings of clusters that joined by themselves; absent: none can. */
  readonly readSettings?: ReadSettings;
}

/** AWS as the SDK's default chain finds it, and the clusters' API servers. */
export function aws(region: string, clock: Clock, limits: CallLimits = LIMITS): Clients {
  const common = { region, requestHandler: requestLimits(limits) };
  const ec2 = { ...common, protocol: EniProtocol };
  const reading = unlogged(new EC2Client(ec2));
  const eks = new EKSClient(common);
  return {
    ec2: reading,
    ec2Once: unlogged(new EC2Client({ ...ec2, maxAttempts: 1 })),
    sqs: unlogged(new SQSClient(common)),
    kubernetesOf: eksClusters({
      clock,
      region,
      eks: () => eks,
      credentials: () => eks.config.credentials(),
      requestTimeoutMs: limits.requestMs,
    }),
    updateItem: signedJson({
      ...{ service: 'dynamodb', target: 'DynamoDB_20120810.UpdateItem', region },
      credentials: () => reading.config.credentials(),
      requestHandler: reading.config.requestHandler,
      endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? process.env.AWS_ENDPOINT_URL,
      fips: process.env.AWS_USE_FIPS_ENDPOINT === 'true',
    }),
    readSettings: settingsIn(limitedCalls(new SSMClient(common), clock, limits)),
  };
}

function settingsIn(ssm: Pick<SSMClient, 'send'>): ReadSettings {
  return async (Name) => {
    try {
      return (await ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value;
    } catch (error) {
      // The bundle has no class of this error: scripts/esbuild-lambda.ts.
      if (error instanceof Error && error.name === 'ParameterNotFound') return undefined;
      throw error;
    }
  };
}

/** What both functions work with, kept for the life of the execution environment. */
export interface Context {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sqs: Sqs;
  /** A sender into a queue. */
  readonly sendTo: (queueUrl: string) => SendMessages;
  /** Gives reconciles their turn, as EC2's call budget has room. */
  readonly admission: Admission;
  readonly brake: Brake;
  readonly controls: Controls;
  /** For the ENIs of all clusters. */
  readonly inventory: EniInventory;
  readonly clusters: ServedClusters;
  /** The access to a cluster. Rejects if it can't be had now. */
  readonly accessTo: (cluster: ClusterConfig) => Promise<ClusterAccess>;
}

export function contextFor(
  config: Config,
  clients: Clients,
  { clock, telemetry }: Pick<Context, 'clock' | 'telemetry'>,
): Context {
  // An ENI may go from one cluster's instance to another's.
  const attachments = rememberedAttachments();
  const limited = <C extends Ec2 | Sqs>(client: C) => limitedCalls(client, clock, LIMITS);
  const sqs = limited(clients.sqs);
  const noSettings: ReadSettings = async () => undefined;
  const readSettings = clients.readSettings ?? noSettings;
  const controls = createControls(config.stage, readSettings, { clock, telemetry });
  const budget = callBudget({
    ...{ clock, ...config.ec2 },
    bucketOf: sharedBuckets(config.ec2.table, clients.updateItem, { clock, telemetry }),
  });
  const readTurn = async (): Promise<void> => {
    for (let ms = budget.waitForRead(); ms > 0; ms = budget.waitForRead()) await sleep(clock, ms);
  };
  const inventoryFor = (reading: Ec2): EniInventory =>
    gatheredReads(eniInventory(reading, config.managedTag, attachments), readTurn);
  const readingFor = (cluster: string): Ec2 =>
    budget.spending(countingEc2(limited(clients.ec2), cluster, telemetry));
  const ec2For = (cluster: string): Ec2Access => {
    const reading = readingFor(cluster);
    const sending = budget.spending(countingEc2(limited(clients.ec2Once), cluster, telemetry));
    return {
      client: controls.stoppable(sending, cluster),
      managedTag: config.managedTag,
      inventory: inventoryOf(cluster, inventoryFor(reading)),
      subnets: cachedSubnets(reading),
      limitsOf: cachedInstanceLimits(reading),
    };
  };
  const ec2Of = new Map<string, Ec2Access>();
  const ec2OfCluster = (name: string): Ec2Access => {
    const known = ec2Of.get(name) ?? ec2For(name);
    ec2Of.set(name, known);
    return known;
  };
  return {
    clock,
    telemetry,
    sqs,
    admission: createAdmission(clock, budget),
    brake: createBrake(clock, { maxShare: config.maxReleaseShare, writers: config.ec2.writers }),
    controls,
    sendTo: (queueUrl) => messageSender(sqs, queueUrl),
    inventory: inventoryFor(readingFor(ALL_CLUSTERS)),
    clusters: servedClusters(config, readSettings, clock),
    accessTo: async (cluster) => ({
      cluster: cluster.name,
      kubernetes: await clients.kubernetesOf(cluster),
      ec2: ec2OfCluster(cluster.name),
      ...boundsOf(cluster),
      policy: cluster.policy,
      ...(cluster.advertisesRoom && { advertisesRoom: true }),
      clock,
      telemetry,
    }),
  };
}

import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type CallLimits, limitedCalls, requestLimits } from '../shared/aws-calls.ts';
import { clusters as eksClusters } from '../shared/cluster/connect.ts';
import type { Kubernetes } from '../shared/cluster/kubernetes.ts';
import type { ClusterConfig, Config } from '../shared/config.ts';
import { rememberedAttachments } from '../shared/enis/attachments.ts';
import { countingEc2 } from '../shared/enis/counting-ec2.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import { cachedInstanceLimits } from '../shared/enis/instance-limits.ts';
import { type EniInventory, eniInventory } from '../shared/enis/inventory.ts';
import { cachedSubnets } from '../shared/enis/subnets.ts';
import { messageSender, type SendMessages } from '../shared/messages/queue.ts';
import type { Sqs } from '../shared/messages/sqs.ts';
import type { ClusterAccess, Ec2Access } from '../shared/state/cluster-access.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import type { Clock } from '../shared/time/clock.ts';

/** A node has 45 s for all of its calls. */
const LIMITS: CallLimits = { connectMs: 3_000, requestMs: 10_000, callMs: 30_000 };

/** The outside world of the functions: all that they call. */
export interface Outside {
  readonly ec2: Ec2;
  /** Sends each call once; see `Ec2Access`. */
  readonly ec2Once: Ec2;
  readonly sqs: Sqs;
  readonly kubernetesOf: (cluster: { readonly name: string }) => Promise<Kubernetes>;
}

/** AWS as the SDK's default chain finds it, and the clusters' API servers. */
export function aws(region: string, clock: Clock, limits: CallLimits = LIMITS): Outside {
  const common = { region, requestHandler: requestLimits(limits) };
  const eks = new EKSClient(common);
  return {
    ec2: new EC2Client(common),
    ec2Once: new EC2Client({ ...common, maxAttempts: 1 }),
    sqs: new SQSClient(common),
    kubernetesOf: eksClusters({
      clock,
      region,
      eks: () => eks,
      credentials: () => eks.config.credentials(),
      requestTimeoutMs: limits.requestMs,
    }),
  };
}

/** What both functions work with, kept for the life of the execution environment. */
export interface Context {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sqs: Sqs;
  readonly send: SendMessages;
  /** For the ENIs of all clusters. */
  readonly inventory: EniInventory;
  /** Whether a cluster is configured. */
  readonly serves: (cluster: string) => boolean;
  /** The access to a configured cluster; `undefined` for any other. Rejects where it can't be had now. */
  readonly accessTo: (cluster: string) => Promise<ClusterAccess> | undefined;
}

export function contextFor(
  config: Config,
  outside: Outside,
  { clock, telemetry }: Pick<Context, 'clock' | 'telemetry'>,
): Context {
  // An ENI may go from one cluster's instance to another's.
  const attachments = rememberedAttachments();
  const limited = <C extends Ec2 | Sqs>(client: C) => limitedCalls(client, clock, LIMITS);
  const sqs = limited(outside.sqs);
  const ec2For = (cluster: string): Ec2Access => {
    const client = countingEc2(limited(outside.ec2), cluster, telemetry);
    return {
      client,
      once: countingEc2(limited(outside.ec2Once), cluster, telemetry),
      managedTag: config.managedTag,
      inventory: eniInventory(client, config.managedTag, attachments),
      subnets: cachedSubnets(client),
      limitsOf: cachedInstanceLimits(client),
    };
  };
  const access = async (cluster: ClusterConfig, ec2: Ec2Access): Promise<ClusterAccess> => ({
    cluster: cluster.name,
    kubernetes: await outside.kubernetesOf(cluster),
    ec2,
    bounds: cluster.ranges,
    policy: cluster.policy,
    clock,
    telemetry,
  });
  const configured = new Map(
    config.clusters.map((cluster) => [cluster.name, { cluster, ec2: ec2For(cluster.name) }]),
  );
  return {
    clock,
    telemetry,
    sqs,
    send: messageSender(sqs, config.queueUrl),
    inventory: ec2For('all').inventory,
    serves: (name) => configured.has(name),
    accessTo(name) {
      const known = configured.get(name);
      return known && access(known.cluster, known.ec2);
    },
  };
}

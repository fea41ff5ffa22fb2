import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { systemClock } from '../shared/clock.ts';
import { clusters as eksClusters } from '../shared/cluster/connect.ts';
import type { Config } from '../shared/config.ts';
import { cachedInstanceLimits } from '../shared/enis/instance-limits.ts';
import { eniInventory } from '../shared/enis/inventory.ts';
import { cachedSubnets } from '../shared/enis/subnets.ts';
import { messageSender, type SendMessages, type Sqs } from '../shared/messages/queue.ts';
import type { ClusterAccess, Ec2Access } from '../shared/state/cluster-access.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import { countingEc2 } from './counting-ec2.ts';

/** A call on AWS or on an API server that takes longer (ms) is given up; nodes have 45 s for all of theirs. */
const CALL_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 3_000;

/** The clients that both functions work with, kept for the life of the execution environment. */
export interface Clients {
  readonly ec2: Ec2Access;
  readonly sqs: Sqs;
  readonly send: SendMessages;
  /** The access to a configured cluster; `undefined` for any other. Rejects where it can't be had now. */
  readonly accessTo: (cluster: string) => Promise<ClusterAccess> | undefined;
}

export function clientsFor(config: Config, telemetry: Telemetry): Clients {
  const { region, managedTag } = config;
  const common = {
    region,
    requestHandler: { requestTimeout: CALL_TIMEOUT_MS, connectionTimeout: CONNECT_TIMEOUT_MS },
  };
  const sqs = new SQSClient(common);
  const eks = new EKSClient(common);
  const ec2 = new EC2Client(common);
  const once = new EC2Client({ ...common, maxAttempts: 1 });
  const kubernetesOf = eksClusters({
    clock: systemClock,
    region,
    eks: () => eks,
    credentials: () => eks.config.credentials(),
    requestTimeoutMs: CALL_TIMEOUT_MS,
  });
  const ec2For = (cluster: string): Ec2Access => {
    const counted = countingEc2(ec2, cluster, telemetry);
    return {
      client: counted,
      once: countingEc2(once, cluster, telemetry),
      managedTag,
      inventory: eniInventory(counted, managedTag),
      subnets: cachedSubnets(counted),
      limitsOf: cachedInstanceLimits(counted),
    };
  };
  const byName = new Map(
    config.clusters.map((cluster) => [cluster.name, { ...cluster, ec2: ec2For(cluster.name) }]),
  );
  return {
    ec2: ec2For('all'),
    sqs,
    send: messageSender(sqs, config.queueUrl),
    accessTo(name) {
      const cluster = byName.get(name);
      if (cluster === undefined) return undefined;
      return kubernetesOf({ name }).then((kubernetes) => ({
        cluster: name,
        kubernetes,
        ec2: cluster.ec2,
        bounds: cluster.ranges,
        policy: cluster.policy,
        clock: systemClock,
        telemetry,
      }));
    },
  };
}

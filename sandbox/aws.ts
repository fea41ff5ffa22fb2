import { KUBERNETES_GROUP } from '../shared/cluster/errors.ts';
import type { Clock } from '../shared/time/clock.ts';
import { type SandboxCloudFormation, startCloudFormation } from './cloudformation/server.ts';
import { type SandboxCloudTrail, startCloudTrail } from './cloudtrail/server.ts';
import { type SandboxCloudWatch, startCloudWatch } from './cloudwatch/server.ts';
import { type DynamoDbServer, startDynamoDb } from './dynamodb/server.ts';
import { createTables, type Tables } from './dynamodb/table.ts';
import { type Ec2Server, startEc2 } from './ec2/server.ts';
import { type EksServer, startEks } from './eks/server.ts';
import { type SandboxIam, startIam } from './iam/server.ts';
import { type SandboxLambda, startLambda } from './lambda/configurations.ts';
import { type SandboxScheduler, startScheduler } from './scheduler/server.ts';
import { type SandboxSqs, startSqs } from './sqs/start.ts';
import { type SsmServer, startSsm } from './ssm/server.ts';

export const REGION = 'us-east-1';
export const ACCOUNT = '111122223333';
/** The functions' role. */
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/multus-eni-reconciler`;
/** The account's only key pair: that of the role, as an execution environment would hold it. */
export const CREDENTIALS = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'sandbox-secret',
};

export const QUEUE = 'multus-eni-reconciler.fifo';
export const DEAD_LETTER_QUEUE = 'multus-eni-reconciler-dead-letter.fifo';
export const DEAD_LETTER_ATTRIBUTES = { FifoQueue: 'true', MessageRetentionPeriod: '1209600' };
const MAX_RECEIVE_COUNT = 100;

/** The stage as which the sandbox's functions are known to Lambda and CloudWatch. */
export const STAGE = 'demo';

/** The subnets of the user's guide: eth0, eth1 and eth2 of the workers are in them. */
export const SUBNETS = {
  node: { cidr: '172.20.1.0/24' },
  multus1: { cidr: '172.16.1.0/24', ipv6Cidrs: ['2600:1f18:1111:1::/64'] },
  multus2: { cidr: '172.16.3.0/24', ipv6Cidrs: ['2600:1f18:1111:3::/64'] },
} as const;

export interface Queue {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
}

/** An AWS account with one VPC as in the user's guide, EKS and a queue, all on loopback. */
export interface Aws {
  readonly ec2: Ec2Server;
  readonly sqs: SandboxSqs;
  readonly eks: EksServer;
  readonly iam: SandboxIam;
  readonly lambda: SandboxLambda;
  readonly scheduler: SandboxScheduler;
  readonly ssm: SsmServer;
  readonly cloudFormation: SandboxCloudFormation;
  readonly cloudTrail: SandboxCloudTrail;
  readonly cloudWatch: SandboxCloudWatch;
  readonly dynamoDb: DynamoDbServer & { readonly tables: Tables };
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly subnets: { readonly node: string; readonly multus1: string; readonly multus2: string };
  /** The variables that a function or a CLI needs to see nothing but this account. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

type Services = Omit<Aws, 'queue' | 'deadLetterQueue' | 'subnets' | 'environment' | 'stop'>;

/** Starts an account; `stop()` ends all of it. */
export async function startAws(options: {
  readonly clock: Clock;
  readonly maxReceiveCount?: number | undefined;
}): Promise<Aws> {
  const keys = new Map([[CREDENTIALS.accessKeyId, CREDENTIALS.secretAccessKey]]);
  const common = { clock: options.clock, region: REGION, account: ACCOUNT, keys };
  const ec2 = await startEc2(common);
  const sqs = await startSqs(common);
  const eks = await startEks(common);
  const iam = await startIam(common);
  const lambda = await startLambda(common);
  const scheduler = await startScheduler(common);
  const ssm = await startSsm(common);
  const cloudFormation = await startCloudFormation(common);
  const cloudWatch = await startCloudWatch(common);
  const cloudTrail = await startCloudTrail({ keys, calls: ec2.calls.all, caller: ROLE_ARN });
  const tables = createTables();
  const dynamoDb = { ...(await startDynamoDb({ keys, tables, now: options.clock.now })), tables };
  eks.addCredentials({ ...CREDENTIALS, roleArn: ROLE_ARN });
  const subnets = {
    node: ec2.addSubnet(SUBNETS.node),
    multus1: ec2.addSubnet(SUBNETS.multus1),
    multus2: ec2.addSubnet(SUBNETS.multus2),
  };
  const deadLetterQueue = {
    name: DEAD_LETTER_QUEUE,
    ...sqs.createQueue(DEAD_LETTER_QUEUE, DEAD_LETTER_ATTRIBUTES),
  };
  const attributes = queueAttributes(deadLetterQueue.arn, options.maxReceiveCount);
  const queue = { name: QUEUE, ...sqs.createQueue(QUEUE, attributes) };
  cloudFormation.setStack(`multus-eni-reconciler-${STAGE}`, {
    QueueUrl: queue.url,
    DeadLetterQueueUrl: deadLetterQueue.url,
  });

  const services = {
    ...{ ec2, sqs, eks, iam, lambda, scheduler, ssm },
    ...{ cloudFormation, cloudTrail, cloudWatch, dynamoDb },
  };
  return {
    ...services,
    queue,
    deadLetterQueue,
    subnets,
    environment: environmentOf(services, queue.url, deadLetterQueue.url),
    async stop() {
      await Promise.all(Object.values(services).map((each) => each.stop()));
    },
  };
}

/** The attributes of the queue: what one function time-out and the receives are worth. */
export function queueAttributes(
  deadLetterTargetArn: string,
  maxReceiveCount = MAX_RECEIVE_COUNT,
): Record<string, string> {
  return {
    FifoQueue: 'true',
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
    VisibilityTimeout: '360',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount }),
  };
}

/** Gives the functions' role the group that the functions have in a cluster. */
export function admitFunctions(eks: EksServer, cluster: string): void {
  eks.addAccessEntry(cluster, ROLE_ARN, KUBERNETES_GROUP, [KUBERNETES_GROUP]);
}

/** The variables by which an SDK finds the account's services. */
function environmentOf(
  { ec2, sqs, eks, iam, lambda, scheduler, ssm, ...more }: Services,
  queueUrl: string,
  deadLetterQueueUrl: string,
): Readonly<Record<string, string>> {
  const { cloudFormation, cloudTrail, cloudWatch, dynamoDb } = more;
  return {
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.endpoint,
    AWS_ENDPOINT_URL_CLOUDTRAIL: cloudTrail.endpoint,
    AWS_ENDPOINT_URL_CLOUDWATCH: cloudWatch.endpoint,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: cloudWatch.endpoint,
    AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint,
    AWS_ENDPOINT_URL_EC2: ec2.endpoint,
    AWS_ENDPOINT_URL_EKS: eks.endpoint,
    AWS_ENDPOINT_URL_IAM: iam.endpoint,
    AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
    AWS_ENDPOINT_URL_SCHEDULER: scheduler.endpoint,
    AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    AWS_ENDPOINT_URL_SSM: ssm.endpoint,
    AWS_ENDPOINT_URL_STS: eks.stsEndpoint,
    QUEUE_URL: queueUrl,
    DEAD_LETTER_QUEUE_URL: deadLetterQueueUrl,
  };
}

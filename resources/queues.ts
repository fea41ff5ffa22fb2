import type { StageSettings } from '../config/schema.ts';
import { arn, getAtt, policy, type Resources, ref } from './cloudformation.ts';
import { forwarderRoleId } from './forwarder-identity.ts';
import { ROLE_IDS } from './function-roles.ts';
import { deadLetterQueueName, queueName, TIMEOUT_SECONDS } from './names.ts';

/** Lambda asks for it (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS"). */
const VISIBILITY_IN_TIMEOUTS = 6;
const FORTNIGHT_SECONDS = 14 * 24 * 60 * 60;
/** With waits that double from 1 s to 60 s: more than an hour of an outage. */
const MAX_RECEIVES = 100;

/** High throughput: a group per node, each with a rate and deduplication of its own. */
const FIFO = {
  FifoQueue: true,
  DeduplicationScope: 'messageGroup',
  FifoThroughputLimit: 'perMessageGroupId',
  SqsManagedSseEnabled: true,
};

/** The stage's own: for the clusters of its configuration. */
export function queues(stage: string, { clusters, iam }: StageSettings): Resources {
  const names = { queue: queueName(stage), deadLetterQueue: deadLetterQueueName(stage) };
  return queuePair(names, {
    functions: Object.values(ROLE_IDS).map((role) => getAtt(role, 'Arn')),
    forwarders: clusters.map((cluster) => getAtt(forwarderRoleId(cluster), 'Arn')),
    ...(iam?.operators && { operators: { 'aws:PrincipalArn': iam.operators } }),
  });
}

/** Whom a pair of queues admits, by ARN. */
interface Admitted {
  readonly functions: readonly unknown[];
  readonly forwarders: readonly unknown[];
  /** The condition that names who may replay; absent or without a value: nobody. */
  readonly operators?: unknown;
}

/** A queue of nodes to look at, and the dead-letter queue of its messages. */
export function queuePair(
  names: { readonly queue: string; readonly deadLetterQueue: string },
  { functions, forwarders, operators }: Admitted,
): Resources {
  return {
    Queue: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: names.queue,
        ...FIFO,
        VisibilityTimeout: VISIBILITY_IN_TIMEOUTS * TIMEOUT_SECONDS.reconcile,
        RedrivePolicy: {
          deadLetterTargetArn: getAtt('DeadLetterQueue', 'Arn'),
          maxReceiveCount: MAX_RECEIVES,
        },
      },
    },
    // The dead-letter queue of a FIFO queue is one too.
    DeadLetterQueue: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: names.deadLetterQueue,
        ...FIFO,
        MessageRetentionPeriod: FORTNIGHT_SECONDS,
        // By its name: each queue would need the other to be made first.
        RedriveAllowPolicy: {
          redrivePermission: 'byQueue',
          sourceQueueArns: [arn('sqs', names.queue)],
        },
      },
    },
    QueueTlsOnly: closed('Queue', [...functions, ...forwarders], operators),
    DeadLetterQueueTlsOnly: closed('DeadLetterQueue', functions, operators),
  };
}

/**
 * Whatever IAM lets others of the account do. The policy denies and grants nothing. Lambda receives as
 * the function's role; SQS itself needs no right to set a message aside.
 */
function closed(
  queue: string,
  admitted: readonly unknown[],
  operators: unknown,
): Resources[string] {
  const tls = {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: getAtt(queue, 'Arn'),
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  const others = {
    Sid: 'NobodyElse',
    Effect: 'Deny',
    Principal: '*',
    Action: [
      'sqs:SendMessage',
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:ChangeMessageVisibility',
      'sqs:PurgeQueue',
      'sqs:StartMessageMoveTask',
    ],
    Resource: getAtt(queue, 'Arn'),
    // Both have to hold.
    Condition: {
      ArnNotEquals: { 'aws:PrincipalArn': admitted },
      ...(operators !== undefined && { ArnNotLike: operators }),
    },
  };
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: { Queues: [ref(queue)], PolicyDocument: policy([tls, others]) },
  };
}

import { getAtt, policy, type Resources, ref } from './cloudformation.ts';
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
export function queues(stage: string): Resources {
  return queuePair({ queue: queueName(stage), deadLetterQueue: deadLetterQueueName(stage) });
}

/** A queue of nodes to look at, and where messages go that could not be done. */
export function queuePair(names: {
  readonly queue: string;
  readonly deadLetterQueue: string;
}): Resources {
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
      },
    },
    QueueTlsOnly: tlsOnly('Queue'),
    DeadLetterQueueTlsOnly: tlsOnly('DeadLetterQueue'),
  };
}

function tlsOnly(queue: string): Resources[string] {
  const statement = {
    Sid: 'TlsOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: getAtt(queue, 'Arn'),
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: { Queues: [ref(queue)], PolicyDocument: policy([statement]) },
  };
}

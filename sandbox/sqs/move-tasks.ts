import { randomUUID } from 'node:crypto';
import type { Account } from './account.ts';
import { SqsError } from './errors.ts';

/** A finished StartMessageMoveTask, as ListMessageMoveTasks shows it. */
export interface MoveTask {
  readonly TaskHandle: string;
  readonly Status: 'COMPLETED';
  readonly SourceArn: string;
  readonly DestinationArn?: string | undefined;
  readonly ApproximateNumberOfMessagesMoved: number;
  readonly ApproximateNumberOfMessagesToMove: number;
  readonly StartedTimestamp: number;
}

export interface MoveTasks {
  /** Moves what is visible, at once. @throws ResourceNotFoundException, InvalidParameterValue. */
  start(now: number, sourceArn: string, destinationArn: string | undefined): MoveTask;
  /** The tasks of a queue, the latest first. */
  list(sourceArn: string): readonly MoveTask[];
}

export function moveTasks(account: Account): MoveTasks {
  const tasks: MoveTask[] = [];
  const queueByArn = (arn: string) => {
    const queue = account.byArn(arn);
    if (queue !== undefined) return queue;
    const text = "The resource that you specified for the SourceArn parameter doesn't exist.";
    throw new SqsError('ResourceNotFoundException', text);
  };

  return {
    start(now, sourceArn, destinationArn) {
      const source = queueByArn(sourceArn);
      const isDeadLetterQueue = account
        .queues()
        .some((queue) => queue.settings().redrive?.deadLetterTargetArn === sourceArn);
      if (!isDeadLetterQueue) {
        const text = 'Source queue must be configured as a Dead Letter Queue.';
        throw new SqsError('InvalidParameterValue', text);
      }
      const destination = destinationArn === undefined ? undefined : queueByArn(destinationArn);
      const messages = source.takeVisible(now);
      for (const message of messages) {
        const origin = destination ?? account.byArn(message.deadLetterSourceArn ?? '');
        // "All redriven messages are considered new messages with a new messageID and enqueueTime."
        (origin ?? source).accept(now, {
          ...message,
          id: randomUUID(),
          sentAt: now,
          receiveCount: 0,
          firstReceivedAt: undefined,
          deadLetterSourceArn: origin === undefined ? message.deadLetterSourceArn : undefined,
        });
      }
      const task: MoveTask = {
        TaskHandle: Buffer.from(`${randomUUID()} ${sourceArn}`).toString('base64'),
        Status: 'COMPLETED',
        SourceArn: sourceArn,
        DestinationArn: destinationArn,
        ApproximateNumberOfMessagesMoved: messages.length,
        ApproximateNumberOfMessagesToMove: messages.length,
        StartedTimestamp: now,
      };
      tasks.unshift(task);
      return task;
    },
    list: (sourceArn) => tasks.filter((task) => task.SourceArn === queueByArn(sourceArn).arn),
  };
}

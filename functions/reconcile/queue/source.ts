import * as z from 'zod';

/** A queue that a batch came from, and its dead-letter queue. */
export interface Source {
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}

const sourceOfRecords = z.object({
  Records: z.array(z.object({ eventSourceARN: z.string().optional() })),
});

/**
 * The queue of a batch: an event source mapping is of one queue. A queue of the same account has the
 * same URL but for its name; the dead-letter queue of a cluster is named after its queue.
 *
 * @param event Lambda's SQS event.
 * @param own the stage's own queues.
 */
export function sourceOf(event: unknown, own: Source): Source {
  const arn = sourceOfRecords.parse(event).Records[0]?.eventSourceARN;
  const name = arn?.split(':').at(-1);
  if (name === undefined || own.queueUrl.endsWith(`/${name}`)) return own;
  const account = own.queueUrl.slice(0, own.queueUrl.lastIndexOf('/') + 1);
  // resources/names.ts names them so.
  return {
    queueUrl: account + name,
    deadLetterQueueUrl: account + name.replace('_', '-dead-letter_'),
  };
}

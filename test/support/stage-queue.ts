import { SendMessageCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { deduplicationId } from '../../shared/messages/group.ts';
import type { Product } from './product.ts';
import type { StageQueue } from './stage.ts';
import { eventually } from './wait.ts';

const sent = z.object({ MessageId: z.string() });

/** The product's queue. How to look into it differs from one SQS to another. */
export function stageQueue(
  { sqs, invocations }: Product,
  url: string,
  inside: Pick<StageQueue, 'deadLetters' | 'size'>,
): StageQueue {
  return {
    ...inside,
    async send(group, bodies) {
      const ids: string[] = [];
      for (const body of bodies) {
        const answer = await sqs.send(
          new SendMessageCommand({
            QueueUrl: url,
            MessageBody: body,
            MessageGroupId: group,
            MessageDeduplicationId: deduplicationId(),
          }),
        );
        ids.push(sent.parse(answer).MessageId);
      }
      return ids;
    },
    async done(messageId) {
      await eventually(() => {
        const invocation = invocations.findLast(({ event }) =>
          event.Records.some((record) => record.messageId === messageId),
        );
        const outcome = invocation?.outcome;
        return outcome?.kind === 'success' && !outcome.failedIds.includes(messageId);
      }).toBe(true);
    },
  };
}

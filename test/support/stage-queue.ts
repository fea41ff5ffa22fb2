import type { Product } from './product.ts';
import { sendTo } from './queue.ts';
import type { StageQueue } from './stage.ts';
import { eventually } from './wait.ts';

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
        ids.push(await sendTo(sqs, url, group, body));
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

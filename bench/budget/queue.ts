import { ACCOUNT, DEAD_LETTER_QUEUE, QUEUE, queueAttributes, REGION } from '../../sandbox/aws.ts';
import { createService, type Service } from '../../sandbox/sqs/service.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { urlOf } from './clients.ts';

export interface BenchQueue {
  readonly service: Service;
  readonly arn: string;
  readonly url: string;
  readonly deadLetterUrl: string;
  /** How many messages wait or are in flight. */
  size(): number;
  deadLetters(): number;
}

export function createQueue(clock: Clock): BenchQueue {
  const service = createService({ clock, region: REGION, account: ACCOUNT });
  const dead = service.create(DEAD_LETTER_QUEUE, { FifoQueue: 'true' });
  const { arn } = service.create(QUEUE, queueAttributes(dead.arn));
  return {
    service,
    arn,
    url: urlOf(QUEUE),
    deadLetterUrl: urlOf(DEAD_LETTER_QUEUE),
    size: () => service.messages(QUEUE).length,
    deadLetters: () => service.messages(DEAD_LETTER_QUEUE).length,
  };
}

import {
  ACCOUNT,
  DEAD_LETTER_QUEUE,
  QUEUE,
  queueAttributes,
  REGION,
} from '../../../sandbox/aws.ts';
import type { VirtualClock } from '../../../sandbox/clock.ts';
import { SqsError } from '../../../sandbox/sqs/errors.ts';
import type { StoredMessage } from '../../../sandbox/sqs/message.ts';
import { OPERATIONS } from '../../../sandbox/sqs/protocol.ts';
import { createService, type Service } from '../../../sandbox/sqs/service.ts';

/** More messages than are sent within the five minutes in which SQS knows one again. */
const REMEMBERED = 5_000;

/** The queue and its dead-letter queue, without HTTP in between. */
export interface VirtualQueues {
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly deadLetterQueueUrl: string;
  /** One operation, with the SDK's input and output. @throws Error named as the SDK's. */
  call(operation: string, input: object): unknown;
  /** What Lambda's poller gets: up to ten messages. */
  receive(): readonly StoredMessage[];
  /** Lambda deletes a message that is done. */
  acknowledge(message: StoredMessage): void;
  nextVisibleAt(): number | undefined;
  /** How many messages wait or are in flight. */
  size(): number;
  /** How many messages the queue has taken so far. */
  taken(): number;
  /** What was taken and is neither done nor in a queue, or in the dead-letter queue without a reason. */
  lost(): string[];
}

export function createVirtualQueues(clock: VirtualClock): VirtualQueues {
  const service: Service = createService({ clock, region: REGION, account: ACCOUNT });
  const dead = service.create(DEAD_LETTER_QUEUE, { FifoQueue: 'true' });
  const queue = service.create(QUEUE, queueAttributes(dead.arn));
  const open = new Map<string, string>();
  const known = new Set<string>();
  let taken = 0;
  const accounting: Service = {
    ...service,
    send(name, message) {
      const sent = service.send(name, message);
      // One that was sent twice is the same message.
      if (name !== QUEUE || known.has(sent.messageId)) return sent;
      known.add(sent.messageId);
      taken += 1;
      if (known.size > REMEMBERED) known.delete(known.values().next().value ?? '');
      open.set(sent.messageId, message.body);
      return sent;
    },
  };
  const urlOf = (name: string): string => `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/${name}`;
  const { signal } = new AbortController();

  return {
    queueUrl: urlOf(QUEUE),
    queueArn: queue.arn,
    deadLetterQueueUrl: urlOf(DEAD_LETTER_QUEUE),
    call(name, input) {
      const operation = OPERATIONS.get(name);
      if (operation === undefined) throw new Error(`the sandbox's SQS has no ${name}`);
      try {
        return operation(input, { service: accounting, urlOf, signal });
      } catch (error) {
        if (!(error instanceof SqsError)) throw error;
        throw Object.assign(new Error(error.message), { name: error.type });
      }
    },
    receive: () => queue.receive(clock.now(), { max: 10, deadLetters: dead }),
    acknowledge({ id, receipt }) {
      queue.remove(clock.now(), receipt?.handle ?? '');
      open.delete(id);
    },
    nextVisibleAt: () => queue.nextVisibleAt(clock.now()),
    size: () => queue.messages(clock.now()).length,
    taken: () => taken,
    lost() {
      const letters = dead.messages(clock.now());
      const there = new Set([...queue.messages(clock.now()), ...letters].map(({ id }) => id));
      const nowhere = [...open].filter(([id]) => !there.has(id)).map(([, body]) => body);
      const unexplained = letters.filter(({ attributes }) => attributes.reason === undefined);
      return [...nowhere, ...unexplained.map(({ body }) => body)];
    },
  };
}

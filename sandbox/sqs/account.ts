import { invalidValue, SqsError } from './errors.ts';
import type { StoredMessage } from './message.ts';
import { createQueue, type Queue } from './queue.ts';
import {
  assertAttributes,
  type QueueAttributes,
  type QueueSettings,
  settingsOf,
  withDefaults,
} from './queue-attributes.ts';

/** "You must wait 60 seconds after deleting a queue before you can create another with the same name." */
const DELETED_RECENTLY_MS = 60_000;

export interface AccountOptions {
  readonly region: string;
  readonly account: string;
}

/** A queue of the account with its attributes. */
export interface AccountQueue extends Queue {
  readonly name: string;
  settings(): QueueSettings;
  /** The given and default attributes and the computed ones. */
  attributes(now: number): QueueAttributes;
  /** @throws InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue. */
  setAttributes(now: number, attributes: QueueAttributes): void;
}

/** The queues of one account in one region. `now` is ms since the epoch. */
export interface Account {
  /** @throws QueueNameExists, QueueDeletedRecently, and what `setAttributes` throws. */
  create(now: number, name: string, attributes: QueueAttributes): AccountQueue;
  /** @throws QueueDoesNotExist. */
  queue(name: string): AccountQueue;
  byArn(arn: string): AccountQueue | undefined;
  queues(): readonly AccountQueue[];
  delete(now: number, name: string): void;
  /** What can be had of the queue at once; moves what was received too often to its dead-letter queue. */
  receive(now: number, name: string, options: ReceiveOptions): readonly StoredMessage[];
}

export interface ReceiveOptions {
  readonly max: number;
  readonly visibilitySeconds?: number | undefined;
  readonly attemptId?: string | undefined;
}

export function createAccount({ region, account }: AccountOptions): Account {
  const queues = new Map<string, AccountQueue>();
  const deletedAt = new Map<string, number>();
  const byArn = (arn: string) => [...queues.values()].find((queue) => queue.arn === arn);

  const queueNamed = (name: string): AccountQueue => {
    const queue = queues.get(name);
    if (queue !== undefined) return queue;
    throw new SqsError('QueueDoesNotExist', 'The specified queue does not exist.');
  };

  return {
    create(now, name, attributes) {
      assertName(name, attributes.FifoQueue === 'true');
      const existing = queues.get(name);
      if (existing !== undefined) {
        assertSame(existing.attributes(now), attributes);
        return existing;
      }
      if ((deletedAt.get(name) ?? Number.NEGATIVE_INFINITY) + DELETED_RECENTLY_MS > now) {
        const text =
          'You must wait 60 seconds after deleting a queue before you can create another with the same name.';
        throw new SqsError('QueueDeletedRecently', text);
      }
      const arn = `arn:aws:sqs:${region}:${account}:${name}`;
      const queue = withAttributes(arn, name, now, attributes, byArn);
      queues.set(name, queue);
      return queue;
    },
    queue: queueNamed,
    byArn,
    queues: () => [...queues.values()],
    delete(now, name) {
      queueNamed(name);
      queues.delete(name);
      deletedAt.set(name, now);
    },
    receive(now, name, options) {
      const queue = queueNamed(name);
      const { redrive } = queue.settings();
      const deadLetters = redrive === undefined ? undefined : byArn(redrive.deadLetterTargetArn);
      return queue.receive(now, { ...options, deadLetters });
    },
  };
}

function withAttributes(
  arn: string,
  name: string,
  createdAt: number,
  initial: QueueAttributes,
  byArn: (arn: string) => AccountQueue | undefined,
): AccountQueue {
  const fifo = initial.FifoQueue === 'true';
  const checked = (given: QueueAttributes) => {
    assertAttributes(given, fifo);
    const next = settingsOf(given);
    assertDeadLetterQueue(next, given.RedrivePolicy, byArn);
    return { given, settings: next };
  };

  let current = checked(initial);
  let modifiedAt = createdAt;
  const queue = createQueue(arn, () => current.settings);

  return {
    ...queue,
    name,
    settings: () => current.settings,
    setAttributes(now, attributes) {
      assertAttributes(attributes, fifo);
      const merged = Object.entries({ ...current.given, ...attributes });
      // An empty value takes the attribute away.
      current = checked(Object.fromEntries(merged.filter(([, value]) => value !== '')));
      modifiedAt = now;
    },
    attributes(now) {
      const counts = queue.counts(now);
      return {
        ...withDefaults(current.given),
        QueueArn: arn,
        CreatedTimestamp: seconds(createdAt),
        LastModifiedTimestamp: seconds(modifiedAt),
        ApproximateNumberOfMessages: String(counts.visible),
        ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
        ApproximateNumberOfMessagesDelayed: String(counts.delayed),
      };
    },
  };
}

function seconds(ms: number): string {
  return String(Math.floor(ms / 1000));
}

function assertName(name: string, fifo: boolean): void {
  const base = fifo && name.endsWith('.fifo') ? name.slice(0, -'.fifo'.length) : name;
  const characters = /^[A-Za-z0-9_-]+$/.test(base) && name.length <= 80;
  if (characters && fifo === name.endsWith('.fifo')) return;
  throw new SqsError(
    'InvalidParameterValue',
    fifo
      ? 'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.'
      : 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.',
  );
}

function assertSame(existing: QueueAttributes, given: QueueAttributes): void {
  for (const [name, value] of Object.entries(given)) {
    if (existing[name] === value) continue;
    throw new SqsError(
      'QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${name}`,
    );
  }
}

/** "The dead-letter queue of a FIFO queue must also be a FIFO queue." */
function assertDeadLetterQueue(
  settings: QueueSettings,
  policy: string | undefined,
  byArn: (arn: string) => AccountQueue | undefined,
): void {
  if (settings.redrive === undefined) return;
  const target = byArn(settings.redrive.deadLetterTargetArn);
  if (target === undefined) {
    throw invalidValue('RedrivePolicy', policy, 'Dead letter target does not exist.');
  }
  if (target.settings().fifo !== settings.fifo) {
    const reason = 'Dead-letter queue must be same type of queue as the source.';
    throw invalidValue('RedrivePolicy', policy, reason);
  }
}

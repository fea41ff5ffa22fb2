import type { Sqs } from '../../shared/messages/sqs.ts';
import { EXIT } from '../exit-code.ts';
import { HELD_SECONDS, heldMessages, receiveAll } from '../held-messages.ts';
import { count, type Output } from '../output.ts';
import type { DeadLetters } from '../queues.ts';
import { type DeadLetter, letterMatches, readDeadLetter } from './dead-letter.ts';
import { showLetters } from './show-letters.ts';

export interface ListOptions {
  readonly sqs: Sqs;
  readonly queues: DeadLetters;
  /** Shows the messages of this cluster alone. */
  readonly cluster?: string;
  readonly output: Output;
  readonly waitSeconds: number;
  /** Ends the reading; what was read so far is shown. */
  readonly signal: AbortSignal;
}

/**
 * Shows what is in the dead-letter queue. Each message is received and given back: it is seen again
 * at once, and its count of receives has grown by one, which has no effect in that queue.
 *
 * @returns the exit code.
 * @throws Failed if SQS refuses.
 */
export async function list(options: ListOptions): Promise<number> {
  const { queues, cluster, output, signal } = options;
  const { letters: all, visible, held } = await look(options);
  const letters = all.filter((letter) => letterMatches(letter, { cluster }));
  const more = Math.max(0, visible - all.length);
  output.result({
    queueUrl: queues.queueUrl,
    deadLetterQueueUrl: queues.deadLetterQueueUrl,
    messages: letters.map(forScripts),
    more,
    held,
  });
  showLetters(output, letters);
  if (letters.length + more + held === 0) {
    output.line(all.length === 0 ? 'The dead-letter queue is empty.' : `None is of ${cluster}.`);
  }
  if (more > 0) {
    output.line(
      `SQS counts ${count(more, 'more message')}: it shows ten of a node's at most, the others once these are gone.`,
    );
  }
  if (held > 0) output.line(heldByOthers(held));
  if (signal.aborted) return EXIT.interrupted;
  return letters.length + more + held === 0 ? EXIT.nothing : EXIT.ok;
}

/** Messages that were in flight before this run received any. */
export function heldByOthers(held: number): string {
  return `${count(held, 'message')} cannot be seen now: another replay holds ${held === 1 ? 'it' : 'them'}, or one that was ended did. What it did not remove comes back within ${HELD_SECONDS} s.`;
}

async function look({ sqs, queues, output, waitSeconds, signal }: ListOptions) {
  const queue = heldMessages(sqs, queues.deadLetterQueueUrl, waitSeconds);
  const counted = await queue.count();
  const letters = new Map<string, DeadLetter>();
  try {
    for await (const messages of receiveAll(queue, counted, signal)) {
      for (const message of messages) {
        letters.set(message.id, readDeadLetter(message, queues.maxReceiveCount));
      }
      const about = Math.max(counted.visible, letters.size);
      output.progress(`read ${letters.size} of about ${count(about, 'message')}`);
    }
  } finally {
    const problem = await queue.release([...letters.values()].map((letter) => letter.held));
    if (problem !== undefined)
      output.warn(`${problem}. They can be seen again in ${HELD_SECONDS} s.`);
  }
  return { letters: [...letters.values()], ...counted };
}

function forScripts({ held, message, cluster, node, pods, firstSeen, reason }: DeadLetter) {
  return {
    messageId: held.id,
    cluster,
    node,
    pods: pods.map(({ event, namespace, name }) => ({ event, namespace, name })),
    firstSeen: new Date(firstSeen).toISOString(),
    receives: held.receives,
    reason,
    malformed: message === undefined,
  };
}

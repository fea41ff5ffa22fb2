import type { Sqs } from '../../shared/messages/queue.ts';
import type { Message } from '../../shared/messages/schema.ts';
import { Failed } from '../failure.ts';
import {
  HELD_SECONDS,
  type HeldMessage,
  type HeldMessages,
  heldMessages,
} from '../held-messages.ts';
import { count, type Output } from '../output.ts';
import type { DeadLetters } from '../queues.ts';
import { type DeadLetter, type Filter, matches, readDeadLetter } from './dead-letter.ts';
import { type Outcome, report } from './dlq-report.ts';
import { asReplay, sendBatches } from './send.ts';

export interface DlqOptions {
  readonly sqs: Sqs;
  readonly queues: DeadLetters;
  readonly filter: Filter;
  /** How many messages are sent at most. */
  readonly max: number;
  /** Tells what would be sent, and changes nothing. */
  readonly dryRun: boolean;
  readonly output: Output;
  readonly waitSeconds: number;
  /** Ends the run after the batch that is under way. */
  readonly signal: AbortSignal;
}

interface Run extends DlqOptions {
  readonly queue: HeldMessages;
  readonly outcome: Outcome;
  /** How many messages SQS counted at the beginning. */
  readonly total: number;
}

/**
 * Sends what matches from the dead-letter queue to the queue again, and removes each message
 * from the former once the latter has it. Killed at any point, a message is in one of them or in
 * both: they are hints, so that one too many changes nothing.
 *
 * @returns the exit code.
 * @throws Failed where the dead-letter queue can't be looked at.
 */
export async function replayDeadLetters(options: DlqOptions): Promise<number> {
  const queue = heldMessages(options.sqs, options.queues.deadLetterQueueUrl, options.waitSeconds);
  const outcome: Outcome = {
    sent: new Map(),
    malformed: new Map(),
    others: new Map(),
    refused: new Map(),
    notRemoved: new Map(),
  };
  const before = await queue.count();
  const run = { ...options, queue, outcome, total: before.visible };
  let failure: string | undefined;
  try {
    for (let again = true; again; ) again = await goThrough(run);
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    failure = error.message;
  }
  return report({ ...run, before }, failure);
}

/**
 * Goes through the queue once and holds what it leaves, so that each receive finds something
 * else. A held message blocks its group, so what comes after it is for the next time.
 *
 * @returns whether there is to be a next time.
 */
async function goThrough(run: Run): Promise<boolean> {
  const { queue, outcome, output, total } = run;
  const seen = new Set<string>();
  const held = new Set<HeldMessage>();
  let isNew = false;
  try {
    for (let begun = -1; begun < seen.size && !isOver(run); ) {
      begun = seen.size;
      const received = await queue.receive();
      const unknown = received.filter(({ id }) => !isKnown(outcome, id));
      isNew ||= unknown.length > 0;
      for (const message of received) {
        seen.add(message.id);
        held.add(message);
      }
      await replay(run, unknown, held);
      await remove(
        run,
        received.filter(({ id }) => outcome.notRemoved.has(id)),
        held,
      );
      output.progress(`sent ${outcome.sent.size} of about ${count(total, 'message')}`);
    }
  } finally {
    const problem = await queue.release(held);
    if (problem !== undefined)
      output.warn(`${problem}. They can be seen again in ${HELD_SECONDS} s.`);
  }
  return isNew && held.size > 0 && !run.dryRun && !isOver(run);
}

function isOver({ signal, outcome, max }: Run): boolean {
  return signal.aborted || outcome.sent.size >= max;
}

function isKnown({ sent, malformed, others, refused }: Outcome, id: string): boolean {
  return [sent, malformed, others, refused].some((known) => known.has(id));
}

/** Sends those of the messages that match, and removes them. */
async function replay(
  run: Run,
  messages: readonly HeldMessage[],
  held: Set<HeldMessage>,
): Promise<void> {
  const { outcome, dryRun } = run;
  const chosen = choose(run, messages);
  if (dryRun) {
    for (const { letter } of chosen) outcome.sent.set(letter.held.id, letter);
    return;
  }
  const target = { sqs: run.sqs, queueUrl: run.queues.queueUrl };
  for await (const { accepted, refused } of sendBatches(target, chosen, (c) => c.message)) {
    for (const { letter } of accepted) outcome.sent.set(letter.held.id, letter);
    for (const [{ letter }, why] of refused) outcome.refused.set(letter.held.id, why);
    await remove(
      run,
      accepted.map(({ letter }) => letter.held),
      held,
    );
  }
}

interface Chosen {
  readonly letter: DeadLetter;
  readonly message: Message;
}

function choose({ queues, filter, outcome, max }: Run, messages: readonly HeldMessage[]): Chosen[] {
  const chosen: Chosen[] = [];
  for (const held of messages) {
    const letter = readDeadLetter(held, queues.maxReceiveCount);
    if (!matches(letter, filter)) outcome.others.set(held.id, letter);
    else if (letter.message === undefined) outcome.malformed.set(held.id, letter);
    else if (outcome.sent.size + chosen.length < max) {
      chosen.push({ letter, message: asReplay(letter.message) });
    }
  }
  return chosen;
}

/** Removes messages that were sent; one that someone else has received by now stays. */
async function remove(
  { queue, outcome: { notRemoved } }: Run,
  messages: readonly HeldMessage[],
  held: Set<HeldMessage>,
): Promise<void> {
  for (const { id } of messages) notRemoved.set(id, 'it was sent, and not yet removed');
  const failed = await queue.remove(messages);
  for (const message of messages) {
    const why = failed.get(message);
    if (why === undefined) {
      notRemoved.delete(message.id);
      held.delete(message);
    } else {
      notRemoved.set(message.id, why);
    }
  }
}

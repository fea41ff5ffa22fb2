import type { Sqs } from '../../shared/messages/sqs.ts';
import { BadInput, Failed } from '../failure.ts';
import {
  type Count,
  cameLater,
  HELD_SECONDS,
  type HeldMessage,
  type HeldMessages,
  heldMessages,
  receiveAll,
} from '../held-messages.ts';
import { count, type Output } from '../output.ts';
import type { DeadLetters } from '../queues.ts';
import {
  type DeadLetter,
  type LetterFilter,
  letterMatches,
  readDeadLetter,
} from './dead-letter.ts';
import { type ReplayOutcome, report } from './dlq-report.ts';
import { asReplay, type ReplayMessage, sendBatches } from './send.ts';

export interface DlqOptions {
  readonly sqs: Sqs;
  readonly queues: DeadLetters;
  readonly filter: LetterFilter;
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
  readonly outcome: ReplayOutcome;
  /** What SQS counted at the beginning. */
  readonly before: Count;
}

/**
 * Sends what matches from the dead-letter queue to the queue again, and removes each message
 * from the former once the latter has it. Killed at any point, a message is in one of them or in
 * both: they are hints, so that one too many changes nothing.
 *
 * What comes into the dead-letter queue meanwhile is left there, and above all what this run has
 * sent: while the reason stands, `reconcile` sets the same message aside again and again.
 *
 * @returns the exit code.
 * @throws Failed if the dead-letter queue can't be looked at.
 */
export async function replayDeadLetters(options: DlqOptions): Promise<number> {
  const queue = heldMessages(options.sqs, options.queues.deadLetterQueueUrl, options.waitSeconds);
  const outcome: ReplayOutcome = {
    sent: new Map(),
    malformed: new Map(),
    others: new Map(),
    cameBack: new Map(),
    late: new Map(),
    refused: new Map(),
    notRemoved: new Map(),
  };
  const before = await queue.count();
  const run = { ...options, queue, outcome, before };
  let failure: string | undefined;
  try {
    for (let again = true; again; ) again = await goThrough(run);
  } catch (error) {
    if (!(error instanceof Failed || error instanceof BadInput)) throw error;
    failure = error.message;
  }
  return report(run, await notSeenBy(run), failure);
}

/**
 * How many messages SQS still has that this run has not seen. What it counted at the beginning and
 * this run has not met may have been replayed by somebody else meanwhile.
 */
async function notSeenBy({ queue, outcome, before }: Run): Promise<number> {
  const { sent, malformed, others, refused, notRemoved, cameBack, late } = outcome;
  const again = [...cameBack.values()].filter(({ held }) => !cameLater(held, before)).length;
  const seen = sent.size + malformed.size + others.size + refused.size + again;
  const unmet = Math.max(0, before.visible - seen);
  if (unmet === 0) return 0;
  const after = await queue.count().catch(() => undefined);
  if (after === undefined) return unmet;
  const left = malformed.size + others.size + refused.size + notRemoved.size + cameBack.size;
  const unknown = after.visible + after.held - left - late.size;
  return Math.max(0, Math.min(unmet, unknown));
}

/**
 * Goes through the queue once and holds what it leaves, so that each receive finds something
 * else. A held message blocks its group, so what comes after it is for the next time.
 *
 * @returns whether there is to be a next time.
 */
async function goThrough(run: Run): Promise<boolean> {
  const { queue, outcome, output, before, signal } = run;
  const held = new Set<HeldMessage>();
  let isNew = false;
  try {
    for await (const received of receiveAll(queue, before, signal)) {
      const unknown = received.filter((message) => !isKnown(outcome, message));
      isNew ||= unknown.some((message) => !cameLater(message, before));
      for (const message of received) held.add(message);
      await replay(run, unknown, held);
      await remove(
        run,
        received.filter(({ id }) => outcome.notRemoved.has(id)),
        held,
      );
      const about = Math.max(before.visible, outcome.sent.size);
      output.progress(`sent ${outcome.sent.size} of about ${count(about, 'message')}`);
      if (isOver(run)) break;
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

function isKnown({ sent, ...left }: ReplayOutcome, { id, origin }: HeldMessage): boolean {
  const { malformed, others, refused, cameBack, late } = left;
  return (
    sent.get(origin)?.held.id === id ||
    [malformed, others, refused, cameBack, late].some((known) => known.has(id))
  );
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
    for (const { letter } of chosen) outcome.sent.set(letter.held.origin, letter);
    return;
  }
  const target = { sqs: run.sqs, queueUrl: run.queues.queueUrl };
  for await (const { accepted, refused } of sendBatches(target, chosen)) {
    for (const { letter } of accepted) outcome.sent.set(letter.held.origin, letter);
    for (const [{ letter }, why] of refused) outcome.refused.set(letter.held.id, why);
    await remove(
      run,
      accepted.map(({ letter }) => letter.held),
      held,
    );
  }
}

interface Chosen extends ReplayMessage {
  readonly letter: DeadLetter;
}

function choose(run: Run, messages: readonly HeldMessage[]): Chosen[] {
  const { queues, filter, outcome, max, before } = run;
  const chosen = new Map<string, Chosen>();
  for (const held of messages) {
    const letter = readDeadLetter(held, queues.maxReceiveCount);
    const { origin, id } = held;
    if (outcome.sent.has(origin) || chosen.has(origin)) outcome.cameBack.set(id, letter);
    else if (cameLater(held, before)) outcome.late.set(id, letter);
    else if (!letterMatches(letter, filter)) outcome.others.set(id, letter);
    else if (letter.message === undefined) outcome.malformed.set(id, letter);
    else if (outcome.sent.size + chosen.size < max) {
      chosen.set(origin, { letter, origin, message: asReplay(letter.message) });
    }
  }
  return [...chosen.values()];
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

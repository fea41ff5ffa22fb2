import { EXIT } from '../exit-code.ts';
import type { Count } from '../held-messages.ts';
import { count, type Output } from '../output.ts';
import type { DeadLetters } from '../queues.ts';
import type { DeadLetter } from './dead-letter.ts';
import { heldByOthers } from './list.ts';
import { showLetters } from './show-letters.ts';

/** What became of the messages that were seen, by their ids. */
export interface ReplayOutcome {
  /** By their origins, so that nothing is sent twice by one run. */
  readonly sent: Map<string, DeadLetter>;
  readonly malformed: Map<string, DeadLetter>;
  readonly others: Map<string, DeadLetter>;
  /** Messages that this run has sent, and that are here once more. */
  readonly cameBack: Map<string, DeadLetter>;
  /** Came into the queue after the run began. */
  readonly late: Map<string, DeadLetter>;
  /** The queue refused these, for these reasons. */
  readonly refused: Map<string, string>;
  /** Sent, and still in the dead-letter queue, for these reasons. */
  readonly notRemoved: Map<string, string>;
}

interface Reported {
  readonly queues: DeadLetters;
  readonly dryRun: boolean;
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly outcome: ReplayOutcome;
  /** What SQS counted at the beginning. */
  readonly before: Count;
}

/** Tells what became of it all. @param notSeen how many messages are left. @returns the exit code. */
export function report(run: Reported, notSeen: number, failure: string | undefined): number {
  const { outcome, output, before, dryRun, queues } = run;
  const { sent, malformed, others, refused, notRemoved, cameBack, late } = outcome;
  output.result({
    queueUrl: queues.queueUrl,
    deadLetterQueueUrl: queues.deadLetterQueueUrl,
    dryRun,
    sent: sent.size,
    malformed: lettersOf(malformed),
    notMatching: others.size,
    cameBack: lettersOf(cameBack),
    cameLater: late.size,
    refused: reasonsOf(refused),
    notRemoved: reasonsOf(notRemoved),
    notSeen,
    held: before.held,
    ...(failure === undefined ? {} : { failure }),
  });
  tell(run, notSeen);
  if (failure !== undefined) output.warn(failure);
  if (run.signal.aborted) return EXIT.interrupted;
  const failed = refused.size + notRemoved.size + cameBack.size > 0;
  if (failure !== undefined || failed) return EXIT.failed;
  return sent.size === 0 ? EXIT.nothing : EXIT.ok;
}

function lettersOf(letters: ReadonlyMap<string, DeadLetter>) {
  return [...letters].map(([messageId, { reason }]) => ({ messageId, reason }));
}

function reasonsOf(map: ReadonlyMap<string, string>) {
  return [...map].map(([messageId, reason]) => ({ messageId, reason }));
}

function tell({ outcome, output, before, dryRun, queues }: Reported, notSeen: number): void {
  const { sent, malformed, others, refused, notRemoved, cameBack, late } = outcome;
  if (before.visible + before.held === 0) output.line('The dead-letter queue is empty.');
  else if (sent.size === 0) output.line('No message was sent.');
  else {
    const what = count(sent.size, 'message');
    output.line(
      dryRun ? `Would send ${what} to ${queues.queueUrl}.` : `Sent ${what} to ${queues.queueUrl}.`,
    );
  }
  if (dryRun) showLetters(output, [...sent.values()]);
  if (others.size > 0) output.line(`Left ${count(others.size, 'message')} that do not match.`);
  if (late.size > 0) {
    output.line(`Left ${count(late.size, 'message')} that came in after this run began.`);
  }
  for (const letter of malformed.values()) {
    output.line(`Left ${nameOf(letter)}, which would fail again unchanged: ${letter.reason}`);
  }
  for (const letter of cameBack.values()) {
    output.warn(
      `Left ${nameOf(letter)}, which this run sent and which came back: ${letter.reason}`,
    );
  }
  for (const [id, why] of refused) output.warn(`${id} was not accepted and is left: ${why}`);
  for (const [id, why] of notRemoved) {
    output.warn(
      `${id} was sent, but is still in the dead-letter queue: ${why}. Another replay may hold it by now and send it again, which does no harm.`,
    );
  }
  if (notSeen > 0) {
    output.line(`SQS counts ${count(notSeen, 'more message')} that this run has not seen.`);
  }
  if (before.held > 0) output.line(heldByOthers(before.held));
}

function nameOf({ held, cluster = '-', node = '-' }: DeadLetter): string {
  return `${held.id} (${cluster}/${node})`;
}

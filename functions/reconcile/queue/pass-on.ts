import { FIRST_SENT, REPLAY_ORIGIN, stringAttribute } from '../../../shared/messages/attributes.ts';
import { deduplicationId } from '../../../shared/messages/group.ts';
import { messageGroupOf, sendEntries } from '../../../shared/messages/queue.ts';
import type { NodeMessage } from '../../../shared/messages/schema.ts';
import type { Sqs } from '../../../shared/messages/sqs.ts';
import type { Subject, Telemetry } from '../../../shared/telemetry.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import { firstSentAt, type Received } from './records.ts';

/**
 * How long after its first send a message may be sent anew. SQS counts a message's age from its last
 * send, so without this bound the alarm on the oldest message would never ring.
 */
const PASSED_ON_FOR_MS = 5 * 60_000;

interface PassingOn {
  readonly sqs: Sqs;
  readonly queueUrl: string;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Sends the messages of a node that was not read into the queue again, behind those of other nodes.
 *
 * @param subject the node, and the cluster as which it is served.
 * @returns whether they may be acknowledged. Messages that were received before may not, nor those
 *   that replay has to recognise, nor those that have gone round for five minutes.
 */
export async function passOn(
  { sqs, queueUrl, clock, telemetry }: PassingOn,
  messages: readonly Received<NodeMessage>[],
  subject: Subject & { readonly cluster: string },
): Promise<boolean> {
  const now = clock.now();
  if (!messages.every(({ envelope }) => mayGoOn(envelope, now))) return false;
  const entries = messages.map(({ envelope, message }) => ({
    group: messageGroupOf(message),
    deduplicationId: deduplicationId(),
    body: envelope.body,
    attributes: { [FIRST_SENT]: stringAttribute(String(firstSentAt(envelope) ?? now)) },
  }));
  try {
    await sendEntries(sqs, queueUrl, entries);
  } catch (error) {
    telemetry.error('messages were not passed on', subject, error);
    return false;
  }
  const sent = messages.map(({ envelope }) => firstSentAt(envelope) ?? now);
  const seconds = Math.max(0, Math.round((now - Math.min(...sent)) / 1_000));
  const detail = { messages: messages.length, firstSentSecondsAgo: seconds };
  telemetry.info('a node waits for EC2: its messages were passed on', subject, detail);
  telemetry.metric('MessagesPassedOn', subject.cluster, messages.length);
  return true;
}

function mayGoOn(envelope: Received['envelope'], now: number): boolean {
  const { attributes, messageAttributes } = envelope;
  return (
    attributes.ApproximateReceiveCount === 1 &&
    messageAttributes?.[REPLAY_ORIGIN] === undefined &&
    now - (firstSentAt(envelope) ?? now) < PASSED_ON_FOR_MS
  );
}

import {
  type MessageAttributes,
  md5OfAttributes,
  md5OfBody,
  type StoredMessage,
} from './message.ts';

/** A message as ReceiveMessage answers it. */
export interface ReceivedMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string | undefined;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Readonly<Record<string, string>> | undefined;
  readonly MessageAttributes?: MessageAttributes | undefined;
  readonly MD5OfMessageAttributes?: string | undefined;
}

/** SQS gives the sender's IAM id; the sandbox has one caller. */
const SENDER_ID = 'AIDASANDBOXSANDBOXSAN';

/** `message` with the system attributes and the message attributes that were asked for. */
export function received(
  message: StoredMessage,
  systemNames: readonly string[],
  attributeNames: readonly string[],
): ReceivedMessage {
  const attributes = pick(systemAttributes(message), (name) =>
    systemNames.some((wanted) => wanted === 'All' || wanted === name),
  );
  const messageAttributes = pick(message.attributes, (name) =>
    attributeNames.some((wanted) => matches(wanted, name)),
  );
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt?.handle,
    Body: message.body,
    MD5OfBody: md5OfBody(message.body),
    Attributes: attributes,
    MessageAttributes: messageAttributes,
    MD5OfMessageAttributes:
      messageAttributes === undefined ? undefined : md5OfAttributes(messageAttributes),
  };
}

function systemAttributes(message: StoredMessage): Record<string, string> {
  const all: Record<string, string | undefined> = {
    SenderId: SENDER_ID,
    SentTimestamp: String(message.sentAt),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: message.firstReceivedAt?.toString(),
    SequenceNumber: message.sequenceNumber,
    MessageGroupId: message.groupId,
    MessageDeduplicationId: message.deduplicationId,
    DeadLetterQueueSourceArn: message.deadLetterSourceArn,
  };
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(all)) {
    if (value !== undefined) present[name] = value;
  }
  return present;
}

/** "All", ".*", or a prefix with ".*" name several. */
function matches(wanted: string, name: string): boolean {
  if (wanted === 'All' || wanted === '.*') return true;
  if (wanted.endsWith('.*')) return name.startsWith(wanted.slice(0, -2));
  return wanted === name;
}

function pick<T>(
  from: Readonly<Record<string, T>>,
  wanted: (name: string) => boolean,
): Record<string, T> | undefined {
  const entries = Object.entries(from).filter(([name]) => wanted(name));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

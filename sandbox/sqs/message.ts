import { createHash } from 'node:crypto';
import { invalidValue, missing, SqsError } from './errors.ts';

/** A message attribute as the JSON protocol carries it; `BinaryValue` is base64. */
export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: string | undefined;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

/** What a sender gives. */
export interface Outgoing {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly delaySeconds?: number | undefined;
}

/** A message in a queue. Times are ms since the epoch. */
export interface StoredMessage {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly sequenceNumber: string | undefined;
  readonly sentAt: number;
  readonly deadLetterSourceArn: string | undefined;
  /** In flight or delayed until then. */
  visibleAt: number;
  receiveCount: number;
  firstReceivedAt: number | undefined;
  /** The latest receive. */
  receipt: { readonly handle: string; readonly receivedAt: number } | undefined;
}

/** The current limit of SQS for a message and for all messages of a batch, in bytes. */
export const MAX_BYTES = 1_048_576;

const MAX_ATTRIBUTES = 10;
const DATA_TYPE = /^(String|Number|Binary)(\..{1,})?$/;

/** SendMessage: the characters of XML 1.0 are allowed, others are refused. */
const FORBIDDEN = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** Body and attributes (names, types and values) count, in bytes. */
export function sizeOfMessage(body: string, attributes: MessageAttributes): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, attribute] of Object.entries(attributes)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(attribute.DataType);
    bytes += valueBytes(attribute).length;
  }
  return bytes;
}

/**
 * @throws MissingParameter for an empty body, InvalidMessageContents,
 * InvalidParameterValue for an attribute that SQS does not take or a message over `maxBytes`.
 */
export function assertMessage(message: Outgoing, maxBytes: number): void {
  if (message.body === '') throw missing('MessageBody');
  if (FORBIDDEN.test(message.body)) {
    throw new SqsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    );
  }
  const attributes = Object.entries(message.attributes);
  if (attributes.length > MAX_ATTRIBUTES) {
    throw invalidValue('MessageAttributes', attributes.length, `At most ${MAX_ATTRIBUTES}.`);
  }
  for (const [name, attribute] of attributes) {
    if (!DATA_TYPE.test(attribute.DataType) || valueBytes(attribute).length === 0) {
      throw invalidValue('MessageAttributes', name, 'It must have a type and a non-empty value.');
    }
  }
  if (sizeOfMessage(message.body, message.attributes) > maxBytes) {
    throw new SqsError(
      'InvalidParameterValue',
      `One or more parameters are invalid. Reason: Message must be shorter than ${maxBytes} bytes.`,
    );
  }
}

/** The MD5 digest that SDKs compare with what they sent and received. */
export function md5OfBody(body: string): string {
  return createHash('md5').update(body).digest('hex');
}

/**
 * The MD5 digest of message attributes, in the order of their names. Name, type and value each follow
 * their length. A byte for the kind of value comes before the value.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 *
 * @returns nothing if there are no attributes.
 */
export function md5OfAttributes(attributes: MessageAttributes): string | undefined {
  const entries = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return undefined;
  const hash = createHash('md5');
  const update = (part: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  };
  for (const [name, attribute] of entries) {
    update(Buffer.from(name));
    update(Buffer.from(attribute.DataType));
    hash.update(Buffer.from([isBinary(attribute) ? 2 : 1]));
    update(valueBytes(attribute));
  }
  return hash.digest('hex');
}

function isBinary(attribute: MessageAttribute): boolean {
  return attribute.DataType.startsWith('Binary');
}

function valueBytes(attribute: MessageAttribute): Buffer {
  return isBinary(attribute)
    ? Buffer.from(attribute.BinaryValue ?? '', 'base64')
    : Buffer.from(attribute.StringValue ?? '');
}

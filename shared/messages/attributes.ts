/** The message attributes that messages carry beside their body, all of type `String`. */

/** Why a message was set aside. */
export const REASON = 'reason';

/**
 * The message id that a message had when it was replayed for the first time. Each send makes a new
 * message with an id of its own; by this one a message is known if it comes back.
 */
export const REPLAY_ORIGIN = 'replay-origin';
/**
 * When a message that a reconcile passed on was sent for the first time, ms since the epoch: SQS counts a
 * message's age from its last send.
 */
export const FIRST_SENT = 'first-sent';
/** SQS: "MessageId: up to 100 characters". What is longer was not written by replay. */
export const MAX_ORIGIN_LENGTH = 100;

interface StringAttribute {
  readonly DataType: 'String';
  readonly StringValue: string;
}

/** By their names. */
export type StringAttributes = Readonly<Record<string, StringAttribute>>;

export function stringAttribute(value: string): StringAttribute {
  return { DataType: 'String', StringValue: value };
}

/** SQS: 1 MiB for the body and the names, types and values of the attributes together. */
export const MAX_MESSAGE_BYTES = 1_048_576;

/** What counts of a message towards SQS's limit, in bytes of UTF-8. */
export function messageBytes(body: string, attributes: StringAttributes): number {
  const texts = Object.entries(attributes).flatMap(([name, { DataType, StringValue }]) => [
    name,
    DataType,
    StringValue,
  ]);
  return [body, ...texts].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

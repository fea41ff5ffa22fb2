import type {
  Message,
  MessageAttributeValue,
  MessageSystemAttributeName,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSMessageAttribute, SQSRecord } from 'aws-lambda';

/** The event that a function gets for received messages. */
export function sqsEvent(messages: readonly Message[], queueArn: string): SQSEvent {
  return { Records: messages.map((message) => record(message, queueArn)) };
}

function record(message: Message, queueArn: string): SQSRecord {
  const system = (name: MessageSystemAttributeName): string =>
    present(message.Attributes?.[name], name);
  return {
    messageId: present(message.MessageId, 'MessageId'),
    receiptHandle: present(message.ReceiptHandle, 'ReceiptHandle'),
    body: present(message.Body, 'Body'),
    attributes: {
      ...message.Attributes,
      ApproximateReceiveCount: system('ApproximateReceiveCount'),
      SentTimestamp: system('SentTimestamp'),
      SenderId: system('SenderId'),
      ApproximateFirstReceiveTimestamp: system('ApproximateFirstReceiveTimestamp'),
    },
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [
        name,
        messageAttribute(value),
      ]),
    ),
    ...(message.MD5OfMessageAttributes === undefined
      ? {}
      : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: present(message.MD5OfBody, 'MD5OfBody'),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: present(queueArn.split(':')[3], 'region in the queue ARN'),
  };
}

function messageAttribute(value: MessageAttributeValue): SQSMessageAttribute {
  const { StringValue, BinaryValue, DataType = 'String' } = value;
  return {
    ...(StringValue === undefined ? {} : { stringValue: StringValue }),
    ...(BinaryValue === undefined
      ? {}
      : { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType,
  };
}

function present(value: string | undefined, what: string): string {
  if (value !== undefined) return value;
  throw new Error(`SQS gave a message without ${what}`);
}

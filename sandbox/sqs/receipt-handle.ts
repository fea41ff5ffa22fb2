import { SqsError } from './errors.ts';

/**
 * A receipt handle names the queue, the message and the receive. So a handle that was never issued
 * differs from one that is out of date. SQS answers ReceiptHandleIsInvalid to the first and
 * InvalidParameterValue to the second.
 */
export function receiptHandle(queueArn: string, messageId: string, receive: number): string {
  return Buffer.from(`${queueArn} ${messageId} ${receive}`).toString('base64');
}

/**
 * @returns the id of the message that the handle was issued for.
 * @throws ReceiptHandleIsInvalid if this queue did not issue the handle.
 */
export function messageIdOf(handle: string, queueArn: string): string {
  const [arn, messageId, receive] = Buffer.from(handle, 'base64').toString().split(' ');
  if (arn === queueArn && messageId !== undefined && receive !== undefined) return messageId;
  throw new SqsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
  );
}

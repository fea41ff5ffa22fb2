/**
 * What SQS refuses: the code of the query protocol (which SDKs still read from
 * the header `x-amzn-query-error`) and the HTTP status. From the service's API
 * model as `@aws-sdk/client-sqs` carries it; those after the blank line are not in the model.
 */
const ERRORS = {
  BatchEntryIdsNotDistinct: ['AWS.SimpleQueueService.BatchEntryIdsNotDistinct', 400],
  BatchRequestTooLong: ['AWS.SimpleQueueService.BatchRequestTooLong', 400],
  EmptyBatchRequest: ['AWS.SimpleQueueService.EmptyBatchRequest', 400],
  InvalidAttributeName: ['InvalidAttributeName', 400],
  InvalidAttributeValue: ['InvalidAttributeValue', 400],
  InvalidBatchEntryId: ['AWS.SimpleQueueService.InvalidBatchEntryId', 400],
  InvalidMessageContents: ['InvalidMessageContents', 400],
  MessageNotInflight: ['AWS.SimpleQueueService.MessageNotInflight', 400],
  PurgeQueueInProgress: ['AWS.SimpleQueueService.PurgeQueueInProgress', 403],
  QueueDeletedRecently: ['AWS.SimpleQueueService.QueueDeletedRecently', 400],
  QueueDoesNotExist: ['AWS.SimpleQueueService.NonExistentQueue', 400],
  QueueNameExists: ['QueueAlreadyExists', 400],
  ReceiptHandleIsInvalid: ['ReceiptHandleIsInvalid', 404],
  RequestThrottled: ['RequestThrottled', 403],
  ResourceNotFoundException: ['ResourceNotFoundException', 404],
  TooManyEntriesInBatchRequest: ['AWS.SimpleQueueService.TooManyEntriesInBatchRequest', 400],

  InvalidAction: ['InvalidAction', 400],
  InvalidParameterValue: ['InvalidParameterValue', 400],
  SerializationException: ['SerializationException', 400],
  MissingParameter: ['MissingParameter', 400],
  ServiceUnavailable: ['ServiceUnavailable', 503],
} as const satisfies Record<string, readonly [string, number]>;

export type SqsErrorType = keyof typeof ERRORS;

/** A refusal, as SQS words it. */
export class SqsError extends Error {
  readonly type: SqsErrorType;
  /** The code of the query protocol; also the `Code` of a failed batch entry. */
  readonly queryCode: string;
  readonly status: number;

  constructor(type: SqsErrorType, message: string) {
    super(message);
    this.name = type;
    this.type = type;
    [this.queryCode, this.status] = ERRORS[type];
  }
}

/** A parameter whose value SQS does not take. */
export function invalidValue(parameter: string, value: unknown, reason: string): SqsError {
  return new SqsError(
    'InvalidParameterValue',
    `Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );
}

/** A parameter that has to be there. */
export function missing(parameter: string): SqsError {
  return new SqsError('MissingParameter', `The request must contain the parameter ${parameter}.`);
}

/** @throws InvalidParameterValue unless `value` is absent or lies in `min` to `max`. */
export function assertRange(
  parameter: string,
  value: number | undefined,
  min: number,
  max: number,
): void {
  if (value === undefined || (Number.isInteger(value) && value >= min && value <= max)) return;
  throw invalidValue(parameter, value, `Must be between ${min} and ${max}, if provided.`);
}

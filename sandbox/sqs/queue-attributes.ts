import * as z from 'zod';
import { invalidValue, SqsError } from './errors.ts';
import { MAX_BYTES } from './message.ts';

/** A queue's attributes as given: strings by name. */
export type QueueAttributes = Readonly<Record<string, string>>;

/** What a queue's behaviour depends on. */
export interface QueueSettings {
  readonly fifo: boolean;
  readonly visibilityTimeoutMs: number;
  readonly delayMs: number;
  readonly retentionMs: number;
  readonly maximumMessageBytes: number;
  readonly waitMs: number;
  readonly contentBasedDeduplication: boolean;
  readonly deduplicationScope: 'queue' | 'messageGroup';
  readonly redrive: RedrivePolicy | undefined;
}

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly maxReceiveCount: number;
}

const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/)
    .refine((value) => Number(value) >= min && Number(value) <= max);
const flag = z.enum(['true', 'false']);

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const STANDARD = {
  DelaySeconds: integer(0, 900),
  KmsDataKeyReusePeriodSeconds: integer(60, 86_400),
  KmsMasterKeyId: z.string(),
  MaximumMessageSize: integer(1024, MAX_BYTES),
  MessageRetentionPeriod: integer(60, 1_209_600),
  Policy: z.string(),
  ReceiveMessageWaitTimeSeconds: integer(0, 20),
  RedriveAllowPolicy: z.string(),
  RedrivePolicy: z.string(),
  SqsManagedSseEnabled: flag,
  VisibilityTimeout: integer(0, 43_200),
};
const FIFO = {
  ...STANDARD,
  ContentBasedDeduplication: flag,
  DeduplicationScope: z.enum(['queue', 'messageGroup']),
  FifoQueue: z.literal('true'),
  FifoThroughputLimit: z.enum(['perQueue', 'perMessageGroupId']),
};

const DEFAULTS = {
  DelaySeconds: '0',
  MaximumMessageSize: String(MAX_BYTES),
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  VisibilityTimeout: '30',
};
const FIFO_DEFAULTS = {
  ...DEFAULTS,
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'queue',
  FifoThroughputLimit: 'perQueue',
};

const redrivePolicy = z.object({
  deadLetterTargetArn: z.string(),
  maxReceiveCount: z.coerce.number().int().min(1).max(1000),
});

/** `given` over the defaults of the queue's type. An empty policy is none. */
export function withDefaults(given: QueueAttributes): QueueAttributes {
  const all = { ...(given.FifoQueue === 'true' ? FIFO_DEFAULTS : DEFAULTS), ...given };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
}

/**
 * @throws InvalidAttributeName for one that the queue's type does not have,
 * InvalidAttributeValue for a value out of its range.
 */
export function assertAttributes(given: QueueAttributes, fifo: boolean): void {
  const known = new Map<string, z.ZodType>(Object.entries(fifo ? FIFO : STANDARD));
  for (const [name, value] of Object.entries(given)) {
    const schema = known.get(name);
    if (schema === undefined) {
      throw new SqsError('InvalidAttributeName', `Unknown Attribute ${name}.`);
    }
    if (!schema.safeParse(value).success) throw invalidAttribute(name);
  }
}

/** @throws InvalidAttributeValue if the attributes contradict each other. */
export function settingsOf(attributes: QueueAttributes): QueueSettings {
  const number = (name: keyof typeof DEFAULTS) => Number(attributes[name] ?? DEFAULTS[name]);
  const deduplicationScope =
    attributes.DeduplicationScope === 'messageGroup' ? 'messageGroup' : 'queue';
  // "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup."
  if (
    attributes.FifoThroughputLimit === 'perMessageGroupId' &&
    deduplicationScope !== 'messageGroup'
  ) {
    throw invalidAttribute('FifoThroughputLimit');
  }
  return {
    fifo: attributes.FifoQueue === 'true',
    visibilityTimeoutMs: number('VisibilityTimeout') * 1000,
    delayMs: number('DelaySeconds') * 1000,
    retentionMs: number('MessageRetentionPeriod') * 1000,
    maximumMessageBytes: number('MaximumMessageSize'),
    waitMs: number('ReceiveMessageWaitTimeSeconds') * 1000,
    contentBasedDeduplication: attributes.ContentBasedDeduplication === 'true',
    deduplicationScope,
    redrive: redriveOf(attributes.RedrivePolicy),
  };
}

/** @throws InvalidParameterValue for an id over 128 characters or with others than SQS allows. */
export function assertId(parameter: string, id: string): void {
  if (/^[A-Za-z0-9!"#$%&'()*+,\-./:;<=>?@[\\\]^_`{|}~]{1,128}$/.test(id)) return;
  throw invalidValue(
    parameter,
    id,
    'It can only include alphanumeric and punctuation characters. 1 to 128 in length.',
  );
}

function redriveOf(policy: string | undefined): RedrivePolicy | undefined {
  if (policy === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(policy);
  } catch {
    throw invalidValue('RedrivePolicy', policy, 'Redrive policy is not a valid JSON map.');
  }
  const parsed = redrivePolicy.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalidValue(
    'RedrivePolicy',
    policy,
    'It must name a deadLetterTargetArn and a maxReceiveCount from 1 to 1000.',
  );
}

function invalidAttribute(name: string): SqsError {
  return new SqsError('InvalidAttributeValue', `Invalid value for the parameter ${name}.`);
}

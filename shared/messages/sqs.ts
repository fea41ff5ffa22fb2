import type { SQSClient } from '@aws-sdk/client-sqs';

/** The SDK's SQS client, of which only `send` is used: so any single call can be wrapped. */
export type Sqs = Pick<SQSClient, 'send'>;

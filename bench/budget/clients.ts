import { EC2Client } from '@aws-sdk/client-ec2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type HttpRequest, HttpResponse } from '@smithy/core/protocols';
import { ACCOUNT, REGION } from '../../sandbox/aws.ts';
import type { Tables } from '../../sandbox/dynamodb/table.ts';
import type { Ec2 } from '../../sandbox/ec2/engine.ts';
import { answerOf, operate } from '../../sandbox/sqs/answer.ts';
import type { Service } from '../../sandbox/sqs/service.ts';
import type { UpdateItem } from '../../shared/enis/bookings.ts';
import { EniProtocol } from '../../shared/enis/eni-protocol.ts';
import type { VirtualTime } from './virtual-time.ts';

/** How many milliseconds calls take, there and back. */
export interface Latencies {
  readonly ec2Read: number;
  readonly ec2Write: number;
  readonly kubernetes: number;
  readonly sqs: number;
  readonly dynamoDb: number;
  /** From a change of a pod until the forwarder sees it. */
  readonly watch: number;
  /** Until an execution environment that is there begins. */
  readonly invoke: number;
}

export const LATENCIES: Latencies = {
  ec2Read: 100,
  ec2Write: 300,
  kubernetes: 10,
  sqs: 12,
  dynamoDb: 8,
  watch: 5,
  invoke: 15,
};

const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'none' };
const COMMON = {
  region: REGION,
  credentials: CREDENTIALS,
  endpoint: 'http://127.0.0.1:1',
  // Nobody looks at signatures here, and they are a tenth of the work.
  signer: { sign: async <R>(request: R): Promise<R> => request },
};

/** The SDK's client for EC2, retries and all, with the strict EC2 in the place of the network. */
export function ec2Client(
  ec2: Ec2,
  { travel }: VirtualTime,
  latencies: Latencies,
  options: { readonly maxAttempts?: number } = {},
): EC2Client {
  return new EC2Client({
    ...COMMON,
    ...options,
    protocol: EniProtocol,
    requestHandler: {
      async handle(request: HttpRequest, sending?: { readonly abortSignal?: unknown }) {
        const signal = signalIn(sending);
        const params = new URLSearchParams(textOf(request.body));
        const reads = params.get('Action')?.startsWith('Describe') === true;
        const ms = reads ? latencies.ec2Read : latencies.ec2Write;
        await travel(ms, signal);
        const { status, body } = await ec2.handle(params);
        await travel(ms, signal);
        return response(status, { 'content-type': 'text/xml;charset=UTF-8' }, body);
      },
    },
  });
}

/** The SDK's client for SQS with the sandbox's in the place of the network. */
export function sqsClient(
  service: Service,
  { travel }: VirtualTime,
  latencies: Latencies,
  options: { readonly maxAttempts?: number } = {},
): SQSClient {
  return new SQSClient({
    ...COMMON,
    ...options,
    requestHandler: {
      async handle({ headers, body }: HttpRequest, sending?: { readonly abortSignal?: unknown }) {
        const signal = signalIn(sending);
        const action = String(headers['x-amz-target']).replace(/^AmazonSQS\./, '');
        await travel(latencies.sqs, signal);
        const call = { service, urlOf, signal: signal ?? new AbortController().signal };
        const answer = await answerOf(() => operate(action, textOf(body), call));
        await travel(latencies.sqs, signal);
        return response(answer.status, answer.headers, answer.body);
      },
    },
  });
}

/** DynamoDB's `UpdateItem` of the sandbox, with the time that it takes. */
export function updateItem(
  tables: Tables,
  { travel }: VirtualTime,
  latencies: Latencies,
): UpdateItem {
  return async (input, signal) => {
    await travel(latencies.dynamoDb, signal);
    const answer = tables.updateItem(structuredClone(input));
    await travel(latencies.dynamoDb, signal);
    return answer;
  };
}

export function urlOf(queue: string): string {
  return `${COMMON.endpoint}/${ACCOUNT}/${queue}`;
}

function textOf(body: unknown): string {
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : String(body);
}

function signalIn(sending?: { readonly abortSignal?: unknown }): AbortSignal | undefined {
  const signal = sending?.abortSignal;
  return signal instanceof AbortSignal ? signal : undefined;
}

function response(statusCode: number, headers: Readonly<Record<string, string>>, body: string) {
  const bytes = Buffer.from(body);
  return { response: new HttpResponse({ statusCode, headers: { ...headers }, body: bytes }) };
}

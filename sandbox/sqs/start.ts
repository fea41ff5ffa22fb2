import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { SqsError } from './errors.ts';
import { createFaults, type Faults, type LoggedCall } from './faults.ts';
import type { StoredMessage } from './message.ts';
import { OPERATIONS } from './protocol.ts';
import type { QueueAttributes } from './queue-attributes.ts';
import { createService, type Service } from './service.ts';

export interface SqsOptions {
  readonly clock?: Clock;
  readonly region?: string;
  readonly account?: string;
}

export interface SandboxSqs {
  readonly endpoint: string;
  readonly region: string;
  /** As CreateQueue; a name that ends in `.fifo` makes a FIFO queue. */
  createQueue(
    name: string,
    attributes?: QueueAttributes,
  ): { readonly url: string; readonly arn: string };
  /** What is in the queue, in order, visible or not, without receiving it. */
  messages(queueName: string): readonly Readonly<StoredMessage>[];
  /** How many receives wait at the queue. */
  waiting(queueName: string): number;
  readonly faults: Faults;
  /** Every call so far, the oldest first. */
  readonly calls: readonly LoggedCall[];
  /** Ends waiting receives and closes all connections. */
  stop(): Promise<void>;
}

interface Context {
  readonly service: Service;
  readonly clock: Clock;
  readonly faults: ReturnType<typeof createFaults>;
  readonly calls: LoggedCall[];
  urlOf(queueName: string): string;
}

/** SQS on a loopback port, in its AWS JSON 1.0 protocol. */
export async function startSqs(options: SqsOptions = {}): Promise<SandboxSqs> {
  const { clock = systemClock, region = 'us-east-1', account = '111122223333' } = options;
  const service = createService({ clock, region, account });
  const faults = createFaults();
  const calls: LoggedCall[] = [];
  let endpoint = '';
  const urlOf = (queueName: string) => `${endpoint}/${account}/${queueName}`;
  const context: Context = { service, clock, faults, calls, urlOf };

  const server = createServer((request, response) => {
    handle(request, response, context).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  endpoint = `http://127.0.0.1:${address.port}`;

  return {
    endpoint,
    region,
    createQueue(name, attributes = {}) {
      const queue = service.create(
        name,
        name.endsWith('.fifo') ? { FifoQueue: 'true', ...attributes } : attributes,
      );
      return { url: urlOf(name), arn: queue.arn };
    },
    messages: service.messages,
    waiting: service.waiting,
    faults: faults.faults,
    calls,
    async stop() {
      service.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
): Promise<void> {
  const caller = new AbortController();
  response.once('close', () => caller.abort());
  const action = String(request.headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '');
  const body = await text(request);
  const call: LoggedCall = { action, queue: queueIn(body), at: context.clock.now() };
  context.calls.push(call);

  try {
    context.faults.beforeEffect(action);
    const run = OPERATIONS.get(action);
    if (run === undefined) {
      const message = `The action ${action} is not valid for this endpoint.`;
      throw new SqsError('InvalidAction', message);
    }
    const { service, urlOf } = context;
    const result = await run(parse(body), { service, urlOf, signal: caller.signal });
    if (context.faults.losesResponse(action)) {
      call.outcome = 'lost';
      response.destroy();
      return;
    }
    call.outcome = 'ok';
    respond(response, context.clock, 200, result ?? {});
  } catch (error) {
    if (!(error instanceof SqsError)) throw error;
    call.outcome = error.type;
    refuse(response, context.clock, error);
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new SqsError('SerializationException', `not JSON: ${error}`);
  }
}

function respond(response: ServerResponse, clock: Clock, status: number, body: unknown): void {
  response.writeHead(status, {
    date: new Date(clock.now()).toUTCString(),
    'content-type': 'application/x-amz-json-1.0',
    'x-amzn-requestid': randomUUID(),
  });
  response.end(JSON.stringify(body));
}

function refuse(response: ServerResponse, clock: Clock, error: SqsError): void {
  // SDKs that came from the query protocol take the error's code from here.
  const fault = error.status < 500 ? 'Sender' : 'Receiver';
  response.setHeader('x-amzn-query-error', `${error.queryCode};${fault}`);
  respond(response, clock, error.status, {
    __type: `com.amazonaws.sqs#${error.type}`,
    message: error.message,
  });
}

function queueIn(body: string): string | undefined {
  return /"QueueUrl":"[^"]*\/([^"/]+)"/.exec(body)?.[1];
}

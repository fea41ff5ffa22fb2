import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Clock, systemClock } from '../../shared/time/clock.ts';
import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';
import { answerOf, operate } from './answer.ts';
import { createFaults, type Faults, type LoggedCall } from './faults.ts';
import type { StoredMessage } from './message.ts';
import type { QueueAttributes } from './queue-attributes.ts';
import { createService, type Service } from './service.ts';

export interface SqsOptions {
  readonly clock?: Clock;
  readonly region?: string;
  readonly account?: string;
  /** If it is absent, every signature is believed. */
  readonly keys?: Keys;
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

  const server = createSignedServer(options.keys, 'sqs', (request, response, body) =>
    handle(request, response, body, context),
  );
  const { port, stop } = await listenOnLoopback(server);
  endpoint = `http://127.0.0.1:${port}`;

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
      await stop();
    },
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
  context: Context,
): Promise<void> {
  const caller = new AbortController();
  response.once('close', () => caller.abort());
  const action = String(request.headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '');
  const call: LoggedCall = { action, queue: queueIn(body), at: context.clock.now() };
  context.calls.push(call);

  const { service, urlOf, faults } = context;
  const answer = await answerOf(() => {
    faults.beforeEffect(action);
    return operate(action, body, { service, urlOf, signal: caller.signal });
  });
  if (answer.outcome === 'ok' && faults.losesResponse(action)) {
    call.outcome = 'lost';
    response.destroy();
    return;
  }
  call.outcome = answer.outcome;
  const date = new Date(context.clock.now()).toUTCString();
  response.writeHead(answer.status, { date, ...answer.headers }).end(answer.body);
}

function queueIn(body: string): string | undefined {
  return /"QueueUrl":"[^"]*\/([^"/]+)"/.exec(body)?.[1];
}

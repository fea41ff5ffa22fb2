import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { type Clock, sleep, systemClock } from '../../shared/time/clock.ts';
import { failedItems } from './batch-response.ts';
import {
  FunctionError,
  type FunctionErrorKind,
  type Handler,
  inProcessFunction,
  type LambdaFunction,
} from './function.ts';
import { sqsEvent } from './sqs-event.ts';

/** Lambda polls with the longest wait that SQS has. */
const WAIT_SECONDS = 20;
/** How long polling pauses after a receive that failed. */
const RECEIVE_RETRY_MS = 1000;
/** Lambda's default for a function. */
const DEFAULT_TIMEOUT_MS = 3000;
/** Lambda's default quota of concurrent executions. */
const DEFAULT_CONCURRENCY = 1000;

/** An invocation that is over. Times are ms since the epoch. */
export interface Invocation {
  readonly event: SQSEvent;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome:
    | { readonly kind: 'success'; readonly failedIds: readonly string[] }
    | { readonly kind: FunctionErrorKind | 'invalid-response'; readonly detail: string };
  /** What is wrong with messages that were done and could not be deleted. */
  readonly notDeleted: readonly string[];
}

export interface EventSourceMappingOptions {
  readonly sqs: SQSClient | Pick<SQSClientConfig, 'endpoint' | 'region' | 'credentials'>;
  readonly queueUrl: string;
  readonly queueArn: string;
  /** A handler that runs in this process with `timeoutMs`, or a function that has its own. */
  readonly handler: Handler<SQSEvent> | LambdaFunction<SQSEvent>;
  readonly timeoutMs?: number;
  readonly batchSize?: number;
  readonly maximumConcurrency?: number;
  readonly reportBatchItemFailures?: boolean;
  readonly clock?: Clock;
  readonly onInvocation?: (invocation: Invocation) => void;
  /** Told why a receive failed; polling goes on. */
  readonly onPollError?: (error: unknown) => void;
}

export interface EventSourceMapping {
  /** Stops polling and gives up invocations that are under way; their messages stay in flight. */
  stop(): Promise<void>;
}

/**
 * Polls a queue and invokes a function with the messages, as Lambda's event source mapping for SQS
 * does. It deletes the messages that succeeded. It leaves those that failed, with the visibility that
 * they have by then. A group is never in two invocations, because the queue sees to it.
 */
export function startEventSourceMapping(options: EventSourceMappingOptions): EventSourceMapping {
  const { sqs, handler, clock = systemClock, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { batchSize = 10, maximumConcurrency = DEFAULT_CONCURRENCY } = options;
  const client = sqs instanceof SQSClient ? sqs : new SQSClient(sqs);
  const target =
    typeof handler === 'function'
      ? inProcessFunction({ name: 'function', handler, timeoutMs, clock })
      : handler;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();

  const receive = async (): Promise<SQSEvent> => {
    const received = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: options.queueUrl,
        MaxNumberOfMessages: batchSize,
        WaitTimeSeconds: WAIT_SECONDS,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
      { abortSignal: stopping.signal },
    );
    return sqsEvent(received.Messages ?? [], options.queueArn);
  };

  const poll = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      if (running.size >= maximumConcurrency) {
        await Promise.race(running);
        continue;
      }
      const event = await receive().catch((error: unknown) => {
        if (!stopping.signal.aborted) options.onPollError?.(error);
      });
      if (event === undefined) {
        await sleep(clock, RECEIVE_RETRY_MS, stopping.signal).catch(() => {});
      } else if (event.Records.length > 0) {
        const invocation = processBatch(event, { ...options, client, target, clock, stopping });
        running.add(invocation);
        invocation.finally(() => running.delete(invocation));
      }
    }
  };

  const polling = poll();
  return {
    async stop() {
      stopping.abort();
      if (typeof handler === 'function') await target.stop();
      await polling;
      await Promise.all(running);
      if (client !== sqs) client.destroy();
    },
  };
}

interface BatchContext extends EventSourceMappingOptions {
  readonly client: SQSClient;
  readonly target: LambdaFunction<SQSEvent>;
  readonly clock: Clock;
  readonly stopping: AbortController;
}

async function processBatch(event: SQSEvent, context: BatchContext): Promise<void> {
  const startedAt = context.clock.now();
  const outcome = await outcomeOf(event, context);
  const endedAt = context.clock.now();
  const notDeleted =
    outcome.kind === 'success' ? await deleteDone(event, outcome.failedIds, context) : [];
  context.onInvocation?.({ event, startedAt, endedAt, outcome, notDeleted });
}

async function outcomeOf(
  event: SQSEvent,
  { target, stopping, reportBatchItemFailures = true }: BatchContext,
): Promise<Invocation['outcome']> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onStop = (): void => reject(new FunctionError('stopped', 'the mapping was stopped'));
  stopping.signal.addEventListener('abort', onStop, { once: true });
  try {
    const answer = await Promise.race([target.invoke(event), stopped]);
    if (!reportBatchItemFailures) return { kind: 'success', failedIds: [] };
    const items = failedItems(
      answer,
      event.Records.map((record) => record.messageId),
    );
    if (items.ok) return { kind: 'success', failedIds: items.failed };
    return { kind: 'invalid-response', detail: items.detail };
  } catch (error) {
    if (error instanceof FunctionError) return { kind: error.kind, detail: error.message };
    throw error;
  } finally {
    stopping.signal.removeEventListener('abort', onStop);
  }
}

/** @returns one line for each message that SQS did not delete: it comes back. */
async function deleteDone(
  event: SQSEvent,
  failedIds: readonly string[],
  { client, queueUrl }: BatchContext,
): Promise<readonly string[]> {
  const done = event.Records.filter((record) => !failedIds.includes(record.messageId));
  if (done.length === 0) return [];
  try {
    const answer = await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: queueUrl,
        Entries: done.map((record) => ({
          Id: record.messageId,
          ReceiptHandle: record.receiptHandle,
        })),
      }),
    );
    return (answer.Failed ?? []).map((failure) => `${failure.Id}: ${failure.Message}`);
  } catch (error) {
    return done.map((record) => `${record.messageId}: ${error}`);
  }
}

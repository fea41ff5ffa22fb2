import type { SQSEvent } from 'aws-lambda';
import {
  type ReconcileContext,
  reconcileBatch,
} from '../../functions/reconcile/reconcile-batch.ts';
import { startEventSourceMapping } from '../../sandbox/lambda/event-source-mapping.ts';
import { sleep } from '../../shared/time/clock.ts';
import { sqsClient } from './clients.ts';
import { type LambdaSurroundings, warmEnvironment } from './environments.ts';

/** Of the function, and of what it gives to one node: functions/reconcile/handler.ts. */
const TIMEOUT_MS = 60_000;
const NODE_DEADLINE_MS = 45_000;
/** As serverless.yml has it. */
const BATCH_SIZE = 10;

export interface BenchLambda {
  /** How many invocations are under way. */
  running(): number;
}

/**
 * Starts the event source mapping, on as many warm execution environments as it uses at once.
 *
 * @param onEvent is told of each batch when its execution begins.
 */
export async function startLambda(
  surroundings: LambdaSurroundings,
  concurrency: number,
  onEvent: (event: SQSEvent) => void = () => {},
): Promise<BenchLambda> {
  const { time, latencies, queue, tally } = surroundings;
  const free: ReconcileContext[] = [];
  for (let count = 0; count < concurrency; count += 1) {
    free.push(await warmEnvironment(surroundings));
  }
  let running = 0;

  startEventSourceMapping({
    sqs: sqsClient(queue.service, time, latencies),
    queueUrl: queue.url,
    queueArn: queue.arn,
    timeoutMs: TIMEOUT_MS,
    maximumConcurrency: concurrency,
    batchSize: BATCH_SIZE,
    clock: time.clock,
    async handler(event) {
      const context = free.pop();
      if (context === undefined) throw new Error('there is no execution environment left');
      running += 1;
      tally.add('invocations');
      await sleep(time.clock, latencies.invoke);
      onEvent(event);
      try {
        return await reconcileBatch(context, event, NODE_DEADLINE_MS);
      } finally {
        free.push(context);
        running -= 1;
      }
    },
  });
  return { running: () => running };
}

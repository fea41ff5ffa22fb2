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

/** How often each execution environment can be replaced. */
const REPLACEMENTS = 60;

interface Environment {
  readonly context: ReconcileContext;
  readonly begunAt: number;
}

export interface BenchLambda {
  /** How many invocations are under way. */
  running(): number;
}

/**
 * Starts the event source mapping, on as many warm execution environments as it uses at once.
 *
 * @param options `onEvent` is told of each batch when its execution begins. After `replacedAfterMs` an
 *   execution environment is given up, and another one takes its place.
 */
export async function startLambda(
  surroundings: LambdaSurroundings,
  concurrency: number,
  options: {
    readonly onEvent?: (event: SQSEvent) => void;
    readonly replacedAfterMs?: number | undefined;
  } = {},
): Promise<BenchLambda> {
  const { time, latencies, queue, tally } = surroundings;
  const { onEvent = () => {}, replacedAfterMs = Infinity } = options;
  const warm: ReconcileContext[] = [];
  const count = concurrency * (replacedAfterMs < Infinity ? REPLACEMENTS : 1);
  for (let made = 0; made < count; made += 1) warm.push(await warmEnvironment(surroundings));
  const free: Environment[] = [];
  let running = 0;
  const environment = (): Environment => {
    const now = time.clock.now();
    const again = free.pop();
    if (again !== undefined && now - again.begunAt < replacedAfterMs) return again;
    const context = warm.pop();
    if (context === undefined) throw new Error('there is no execution environment left');
    return { context, begunAt: now };
  };

  startEventSourceMapping({
    sqs: sqsClient(queue.service, time, latencies),
    queueUrl: queue.url,
    queueArn: queue.arn,
    timeoutMs: TIMEOUT_MS,
    maximumConcurrency: concurrency,
    batchSize: BATCH_SIZE,
    clock: time.clock,
    async handler(event) {
      const used = environment();
      running += 1;
      tally.add('invocations');
      await sleep(time.clock, latencies.invoke);
      onEvent(event);
      try {
        return await reconcileBatch(used.context, event, NODE_DEADLINE_MS);
      } finally {
        free.push(used);
        running -= 1;
      }
    },
  });
  return { running: () => running };
}

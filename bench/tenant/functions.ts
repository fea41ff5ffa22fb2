import * as z from 'zod';
import { CREDENTIALS } from '../../sandbox/aws.ts';
import { startEventSourceMapping } from '../../sandbox/lambda/event-source-mapping.ts';
import type { World } from '../../sandbox/world.ts';
import { type BundleProcess, type Invocation, startBundle } from '../support/bundle-process.ts';
import type { CpuShare } from '../support/cpu-share.ts';

/** Executions of `reconcile`, with as many messages as a batch has. */
const CONCURRENCY = 4;
const TIMEOUT_MS = 60_000;

/** What an invocation took. */
export interface Delivered extends Invocation {
  /** Its environment had done none before: it reads all definitions. */
  readonly cold: boolean;
  /** How many messages it had, each about a node of its own. */
  readonly looks: number;
}

/** The function `reconcile` behind its queue. */
export interface Delivery {
  readonly invocations: readonly Delivered[];
  stop(): Promise<void>;
}

const done = z.object({ batchItemFailures: z.tuple([]) });

function isDone(answer: unknown): boolean {
  return done.safeParse(answer).success;
}

/** Delivers the world's queue to the bundle, in processes of their own. */
export function deliver(world: World, file: string, cpu: CpuShare): Delivery {
  const { environment, queue, sqs } = world;
  const idle: { readonly bundle: BundleProcess; cold: boolean }[] = Array.from(
    { length: CONCURRENCY },
    () => ({ bundle: startBundle({ file, name: 'reconcile' }, environment, cpu), cold: true }),
  );
  const all = [...idle];
  const invocations: Delivered[] = [];
  const mapping = startEventSourceMapping({
    sqs: {
      endpoint: sqs.endpoint,
      region: sqs.region,
      credentials: CREDENTIALS,
    },
    queueUrl: queue.url,
    queueArn: queue.arn,
    timeoutMs: TIMEOUT_MS,
    maximumConcurrency: CONCURRENCY,
    async handler(event) {
      const free = idle.pop();
      if (free === undefined) throw new Error('more invocations than there are environments');
      const { cold } = free;
      try {
        const invocation = await free.bundle.invoke(event);
        free.cold &&= !isDone(invocation.answer);
        invocations.push({ ...invocation, cold, looks: event.Records.length });
        return invocation.answer;
      } finally {
        idle.push(free);
      }
    },
  });
  return {
    invocations,
    async stop() {
      await mapping.stop();
      await Promise.all(all.map(({ bundle }) => bundle.end()));
    },
  };
}

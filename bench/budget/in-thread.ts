import { Worker } from 'node:worker_threads';
import { type Answer, answer, type Order } from './play.ts';

/** Plays a scenario in a thread of its own. @throws what ends the thread before it is played. */
export function playInThread(order: Order): Promise<Answer> {
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: order,
    // Most of what is made is done with in a moment.
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
    // The SDK reads the machine's settings at its first call.
    env: { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
  });
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error(`${order.scenario} ended without an answer`)));
    thread.once('message', (message) => {
      const parsed = answer.safeParse(message);
      if (parsed.success) resolve(parsed.data);
      else reject(parsed.error);
      void thread.terminate();
    });
  });
}

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import type { Waits, WaitsOrder } from './waits.ts';

const answer = z.tuple([z.object({ p50: z.number(), p99: z.number() })]);

/** Plays in a thread whose time is virtual. @throws what ends the thread. */
export async function waitsInThread(order: WaitsOrder): Promise<Waits> {
  const thread = new Worker(new URL('./waits-thread.ts', import.meta.url), {
    workerData: order,
    // The SDK reads the machine's settings at its first call.
    env: { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
  });
  try {
    const [waits] = answer.parse(await once(thread, 'message'));
    return waits;
  } finally {
    await thread.terminate();
  }
}

/** A process of its own for jobs: what they measure of memory and CPU is theirs alone. */
import { type Job, runJob } from './jobs.ts';

process.on('message', async (job: Job) => {
  const say = (text: string): void => void process.send?.({ said: text });
  try {
    process.send?.({ done: await runJob(job, say) });
  } catch (error) {
    process.send?.({ failed: error instanceof Error ? error.message : String(error) });
  }
});

import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Done, Job } from './jobs.ts';

const WORKER = new URL('worker.ts', import.meta.url);

/** What a worker tells. */
type Told = { readonly said: string } | { readonly done: Done } | { readonly failed: string };

/**
 * Does jobs side by side, one for each core, in the order given.
 *
 * @param onEnd what a job came to, or why it could not be done. @returns false: no further job.
 */
export async function runJobs(
  jobs: readonly Job[],
  options: {
    readonly say: (text: string) => void;
    readonly onEnd: (job: Job, ended: Done | Error) => boolean;
  },
): Promise<void> {
  const waiting = [...jobs];
  const work = async (): Promise<void> => {
    const worker = fork(WORKER, { serialization: 'advanced' });
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        const ended = await doneBy(worker, job, options.say);
        if (!options.onEnd(job, ended)) waiting.length = 0;
      }
    } finally {
      worker.kill();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

function doneBy(
  worker: ChildProcess,
  job: Job,
  say: (text: string) => void,
): Promise<Done | Error> {
  const { promise, resolve, reject } = Promise.withResolvers<Done | Error>();
  const onMessage = (told: Told): void => {
    if ('said' in told) say(told.said);
    else resolve('done' in told ? told.done : new Error(told.failed));
  };
  const onExit = (code: number | null, signal: string | null): void =>
    reject(new Error(`a worker ended by itself: ${signal ?? code}`));
  worker.on('message', onMessage).once('exit', onExit);
  worker.send(job);
  return promise.finally(() => worker.off('message', onMessage).off('exit', onExit));
}

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../shared/time/clock.ts';
import { FunctionError, timedOut } from './function.ts';
import type { FromRuntime, RuntimeData, ToRuntime } from './runtime-messages.ts';

/** "The Init phase is limited to 10 seconds." */
const INIT_TIMEOUT_MS = 10_000;

export interface EnvironmentOptions extends RuntimeData {
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onLog: ((line: string, stream: 'stdout' | 'stderr') => void) | undefined;
}

/** An execution environment: a worker thread with variables and module state of its own. */
export interface LambdaEnvironment {
  /** False once it has ended; such a one is not used again. */
  usable(): boolean;
  /** One at a time. @throws FunctionError. */
  invoke(event: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

export function startEnvironment(options: EnvironmentOptions): LambdaEnvironment {
  const { name, bundle, handlerName, memoryMb, env, timeoutMs, clock } = options;
  const worker = new Worker(new URL('./runtime.ts', import.meta.url), {
    workerData: { name, bundle, handlerName, memoryMb } satisfies RuntimeData,
    env: { AWS_LAMBDA_FUNCTION_NAME: name, ...env },
    stdout: true,
    stderr: true,
    resourceLimits: memoryMb === undefined ? {} : { maxOldGenerationSizeMb: memoryMb },
  });
  readLines(worker.stdout, (line) => options.onLog?.(line, 'stdout'));
  readLines(worker.stderr, (line) => options.onLog?.(line, 'stderr'));

  let ended: FunctionError | undefined;
  let current: PromiseWithResolvers<FromRuntime> | undefined;
  const end = (error: FunctionError): void => {
    ended ??= error;
    current?.reject(ended);
  };
  worker.on('message', (message: FromRuntime) => {
    // At once: if the thread has exited by now, Node tells of both without a turn between them.
    if (message.kind === 'init-failed')
      end(new FunctionError('init', `${name}: ${message.detail}`));
    else current?.resolve(message);
  });
  worker.on('error', (error) => end(new FunctionError('exit', `${name}: ${error}`)));
  worker.on('exit', (code) => {
    end(new FunctionError('exit', `${name}: Runtime exited with exit status ${code}`));
  });

  /** The runtime's next message. If it does not arrive within `limitMs`, the environment ends. */
  const next = async (limitMs: number, late: FunctionError): Promise<FromRuntime> => {
    if (ended !== undefined) throw ended;
    current = Promise.withResolvers();
    const cancel = clock.after(limitMs, () => end(late));
    try {
      return await current.promise;
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      cancel();
    }
  };

  const initLate = new FunctionError('init', `${name}: Init took over ${INIT_TIMEOUT_MS} ms`);
  const ready = next(INIT_TIMEOUT_MS, initLate);
  // The invocation that this environment was started for reports it.
  ready.catch(() => {});

  return {
    usable: () => ended === undefined,
    async invoke(event) {
      await ready;
      const answer = next(timeoutMs, timedOut(name, timeoutMs));
      worker.postMessage({ event: JSON.stringify(event), timeoutMs } satisfies ToRuntime);
      const message = await answer;
      if (message.kind === 'result') return JSON.parse(message.result);
      const detail = message.kind === 'failed' ? message.detail : message.kind;
      throw new FunctionError('error', `${name}: ${detail}`);
    },
    async stop() {
      end(new FunctionError('stopped', `${name} was stopped`));
      await worker.terminate();
    },
  };
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  createInterface({ input: stream }).on('line', onLine);
}

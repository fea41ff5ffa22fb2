import type { Context } from 'aws-lambda';
import type { Clock } from '../../shared/time/clock.ts';
import { lambdaContext } from './context.ts';

/** A handler as nodejs24 calls it: it answers with a promise, never through a callback. */
export type Handler<E> = (event: E, context: Context) => Promise<unknown>;

/** Something that can be invoked as a Lambda function. */
export interface LambdaFunction<E = unknown> {
  readonly name: string;
  /** @returns the handler's result as it comes out of JSON. @throws FunctionError. */
  invoke(event: E): Promise<unknown>;
  /** Ends invocations that are under way. */
  stop(): Promise<void>;
}

/**
 * Why an invocation failed: the handler threw, ran out of time, could not be loaded,
 * took its environment down, or the function was stopped.
 */
export type FunctionErrorKind = 'error' | 'timeout' | 'init' | 'exit' | 'stopped';

export class FunctionError extends Error {
  readonly kind: FunctionErrorKind;

  constructor(kind: FunctionErrorKind, message: string) {
    super(message);
    this.name = 'FunctionError';
    this.kind = kind;
  }
}

export function timedOut(name: string, timeoutMs: number): FunctionError {
  const seconds = (timeoutMs / 1000).toFixed(2);
  return new FunctionError('timeout', `${name}: Task timed out after ${seconds} seconds`);
}

/**
 * A function whose handler runs in this process, timed by `clock`. A handler that
 * runs out of time cannot be ended: its invocation fails and what it does later
 * is of no consequence to the caller.
 */
export function inProcessFunction<E>(options: {
  readonly name: string;
  readonly handler: Handler<E>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}): LambdaFunction<E> {
  const { name, handler, timeoutMs, clock } = options;
  const stopped = new AbortController();

  const run = async (event: E): Promise<unknown> => {
    const deadline = clock.now() + timeoutMs;
    const context = lambdaContext({ name, remainingMs: () => deadline - clock.now() });
    const result = await handler(structuredClone(event), context);
    return JSON.parse(JSON.stringify(result) ?? 'null');
  };

  return {
    name,
    invoke: (event) =>
      new Promise((resolve, reject) => {
        const onStop = (): void => {
          cancel();
          reject(new FunctionError('stopped', `${name} was stopped`));
        };
        const cancel = clock.after(timeoutMs, () => reject(timedOut(name, timeoutMs)));
        if (stopped.signal.aborted) onStop();
        stopped.signal.addEventListener('abort', onStop, { once: true });
        run(event)
          .then(resolve, (error: unknown) => {
            reject(new FunctionError('error', `${name}: ${error}`));
          })
          .finally(() => {
            cancel();
            stopped.signal.removeEventListener('abort', onStop);
          });
      }),
    async stop() {
      stopped.abort();
    },
  };
}

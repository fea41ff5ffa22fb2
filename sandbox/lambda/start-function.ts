import { type Clock, systemClock } from '../../shared/time/clock.ts';
import { type LambdaEnvironment, startEnvironment } from './environment.ts';
import { FunctionError, type LambdaFunction } from './function.ts';

export interface FunctionOptions {
  readonly name?: string;
  /** Path of the deployed `.js`, `.cjs` or `.mjs` file. */
  readonly bundle: string;
  /** The export that is the handler. */
  readonly handlerName?: string;
  /** The function's variables; it sees no others. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Bounds the heap of an environment. */
  readonly memoryMb?: number;
  /** How many invocations run at once; more wait for their turn. */
  readonly maxInstances?: number;
  readonly clock?: Clock;
  /** Every line that the function writes. */
  readonly onLog?: (line: string, stream: 'stdout' | 'stderr') => void;
}

/**
 * Runs a deployed bundle as Lambda does, in execution environments. One is started on demand, serves
 * one invocation at a time, and is used again while warm. A time-out or a crash ends it.
 */
export function startFunction(options: FunctionOptions): LambdaFunction {
  const { name = 'function', maxInstances = 10 } = options;
  const environments = new Set<LambdaEnvironment>();
  const idle: LambdaEnvironment[] = [];
  const waiting: (() => void)[] = [];
  let running = 0;
  let stopped = false;

  const warm = (): LambdaEnvironment | undefined => {
    const environment = idle.pop();
    if (environment === undefined || environment.usable()) return environment;
    environments.delete(environment);
    return warm();
  };
  const cold = (): LambdaEnvironment => {
    const environment = startEnvironment({
      name,
      bundle: options.bundle,
      handlerName: options.handlerName ?? 'handler',
      memoryMb: options.memoryMb,
      env: options.env,
      timeoutMs: options.timeoutMs,
      clock: options.clock ?? systemClock,
      onLog: options.onLog,
    });
    environments.add(environment);
    return environment;
  };

  return {
    name,
    async invoke(event) {
      while (running >= maxInstances && !stopped) {
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
      if (stopped) throw new FunctionError('stopped', `${name} was stopped`);
      running += 1;
      const environment = warm() ?? cold();
      try {
        return await environment.invoke(event);
      } finally {
        running -= 1;
        if (environment.usable()) idle.push(environment);
        else environments.delete(environment);
        waiting.shift()?.();
      }
    },
    async stop() {
      stopped = true;
      for (const resolve of waiting.splice(0)) resolve();
      await Promise.all([...environments].map((environment) => environment.stop()));
    },
  };
}

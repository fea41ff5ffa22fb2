import type { MiddlewareObj } from '@middy/core';
import type { LambdaTelemetry } from './telemetry.ts';

/** Puts the invocation's ids on every log line, and writes its metrics at its end, also when it failed. */
export function withTelemetry({ logger, flush }: LambdaTelemetry): MiddlewareObj {
  return {
    before: ({ context }) => logger.addContext(context),
    after: flush,
    onError: ({ error }) => {
      logger.error('the invocation failed', { error });
      flush();
    },
  };
}

import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';

/** The account and region that the sandbox's functions are in. */
const ARN_PREFIX = 'arn:aws:lambda:us-east-1:111122223333:function:';

const DEFAULT_MEMORY_MB = 128;

/** The second argument of a handler. `remainingMs` gives the time that is left. */
export function lambdaContext(options: {
  readonly name: string;
  readonly memoryMb?: number | undefined;
  readonly requestId?: string;
  readonly remainingMs: () => number;
}): Context {
  const { name, memoryMb = DEFAULT_MEMORY_MB, requestId = randomUUID(), remainingMs } = options;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: `${ARN_PREFIX}${name}`,
    memoryLimitInMB: String(memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: `sandbox/[$LATEST]${requestId}`,
    getRemainingTimeInMillis: () => Math.max(0, remainingMs()),
    done: removed,
    fail: removed,
    succeed: removed,
  };
}

/** The types still have these; the runtime from nodejs24 on has not. */
function removed(): never {
  throw new Error('nodejs24 has no context.done, context.fail and context.succeed');
}

import { createServer } from 'node:http';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../sandbox/loopback.ts';
import { passOn } from '../../support/pass-on.ts';

/** Passes requests on to SQS until it comes to one that it keeps. */
export interface HaltingProxy {
  readonly endpoint: string;
  /** Resolves once the call was made that is never passed on. */
  readonly halted: Promise<void>;
}

/** Stands before `endpoint`, and stops at the `nth` call of `action`, counted from 1. */
export async function startHaltingProxy(
  endpoint: string,
  action: string,
  nth: number,
): Promise<HaltingProxy> {
  const halted = Promise.withResolvers<void>();
  const to = new URL(endpoint);
  let calls = 0;
  const server = createServer((incoming, response) => {
    if (incoming.headers['x-amz-target'] === `AmazonSQS.${action}`) calls += 1;
    if (calls < nth) passOn(to, incoming, response);
    else halted.resolve();
  });
  const { port, stop } = await listenOnLoopback(server);
  onTestFinished(stop);
  return { endpoint: `http://127.0.0.1:${port}`, halted: halted.promise };
}

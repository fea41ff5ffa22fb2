import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from '../../../sandbox/loopback.ts';

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
  let calls = 0;
  const server = createServer((incoming, response) => {
    if (incoming.headers['x-amz-target'] === `AmazonSQS.${action}`) calls += 1;
    if (calls < nth) passOn(endpoint, incoming, response).catch(() => response.destroy());
    else halted.resolve();
  });
  const { port, stop } = await listenOnLoopback(server);
  onTestFinished(stop);
  return { endpoint: `http://127.0.0.1:${port}`, halted: halted.promise };
}

async function passOn(
  endpoint: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url, headers } = incoming;
  const passed = request(new URL(url ?? '/', endpoint), { method, headers });
  passed.on('error', () => response.destroy());
  passed.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  passed.end(await buffer(incoming));
}

import { createServer } from 'node:http';
import { expect, onTestFinished, vi } from 'vitest';
import type { VirtualClock } from '../../sandbox/clock.ts';
import { listenOnLoopback } from '../../sandbox/loopback.ts';

/**
 * How a server fails to answer: not at all, with a head and a body that stops, or with a body that
 * goes on for ever.
 */
export const DEAF = ['silent', 'stopping', 'dripping'] as const;
export type Deaf = (typeof DEAF)[number];

export interface DeafServer {
  readonly endpoint: string;
  /** How many requests it got. */
  requests(): number;
  /** From now on it answers with this JSON. */
  hear(answer: unknown): void;
}

/** An HTTP server that accepts every connection and request and never comes to an end with one. */
export async function startDeafServer(how: Deaf): Promise<DeafServer> {
  let answer: unknown;
  let requests = 0;
  const dripping = new Set<NodeJS.Timeout>();
  const server = createServer((_, response) => {
    requests += 1;
    if (answer !== undefined) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    } else if (how !== 'silent') {
      response.writeHead(200, { 'content-type': 'text/plain' }).write(' ');
      if (how === 'dripping') dripping.add(setInterval(() => response.write(' '), 20));
    }
  });
  const { port, stop } = await listenOnLoopback(server);
  onTestFinished(async () => {
    for (const timer of dripping) clearInterval(timer);
    await stop();
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests: () => requests,
    hear(said) {
      answer = said;
    },
  };
}

/** Lets `ms` of time pass once the server has got a request of `work`. @returns how `work` failed then. */
export async function failureAfter(
  work: Promise<unknown>,
  { requests }: Pick<DeafServer, 'requests'>,
  clock: VirtualClock,
  ms: number,
): Promise<unknown> {
  const before = requests();
  const failure = work.then(
    () => undefined,
    (error: unknown) => error,
  );
  await vi.waitFor(() => expect(requests()).toBeGreaterThan(before));
  clock.advance(ms);
  return failure;
}

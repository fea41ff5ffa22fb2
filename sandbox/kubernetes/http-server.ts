import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { listenOnLoopback } from '../loopback.ts';
import type { ServerCertificate } from './tls.ts';

/** Answers a request; a rejection cuts the connection. */
export type FetchHandler = (request: Request) => Promise<Response>;

async function toRequest(incoming: IncomingMessage, signal: AbortSignal): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  const { method = 'GET', url = '/' } = incoming;
  const body = method === 'GET' || method === 'HEAD' ? null : Buffer.concat(chunks);
  return new Request(new URL(url, 'https://kubernetes'), { method, headers, body, signal });
}

async function answer(
  handler: FetchHandler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  sent: (bytes: number) => void,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => {
    if (!outgoing.writableFinished) gone.abort(new Error('the client went away'));
  });
  try {
    const response = await handler(await toRequest(incoming, gone.signal));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    // A watch answers at once, also while it has nothing to say.
    outgoing.flushHeaders();
    if (response.body === null) outgoing.end();
    else await pipeline(Readable.fromWeb(response.body), counting(sent), outgoing);
  } catch {
    outgoing.destroy();
  }
}

function counting(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      count(chunk.length);
      done(undefined, chunk);
    },
  });
}

/** Serves `handler` over HTTPS on a port of 127.0.0.1 that the system chooses. */
export async function listen(
  certificate: ServerCertificate,
  handler: FetchHandler,
): Promise<{
  readonly url: string;
  sentBytes(): number;
  connections(): number;
  stop(): Promise<void>;
}> {
  let bytes = 0;
  let connections = 0;
  const count = (more: number): void => {
    bytes += more;
  };
  const server = createServer(
    { key: certificate.key, cert: certificate.cert },
    (incoming, outgoing) => void answer(handler, incoming, outgoing, count),
  );
  server.on('secureConnection', () => {
    connections += 1;
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    url: `https://127.0.0.1:${port}`,
    sentBytes: () => bytes,
    connections: () => connections,
    stop,
  };
}

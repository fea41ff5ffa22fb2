import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, gzipSync } from 'node:zlib';
import { listenOnLoopback } from '../loopback.ts';
import type { ServerCertificate } from './tls.ts';

/**
 * An API server compresses a longer answer, fast rather than well, if it is asked to (k8s.io/apiserver
 * pkg/endpoints/handlers/responsewriters/writers.go: defaultGzipThresholdBytes, negotiateContentEncoding).
 */
const COMPRESSED_FROM_BYTES = 128 * 1024;

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
    const request = await toRequest(incoming, gone.signal);
    const response = await compressed(request, await handler(request));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    // A watch answers at once, also while it has nothing to say.
    outgoing.flushHeaders();
    if (response.body === null) outgoing.end();
    else await pipeline(Readable.fromWeb(response.body), counting(sent), outgoing);
  } catch {
    outgoing.destroy();
  }
}

/** A watch and a log are told as they come, and never compressed. */
async function compressed(request: Request, response: Response): Promise<Response> {
  const isAsked = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
  const isWatch = new URL(request.url).searchParams.has('watch');
  const isObject = response.headers.get('content-type')?.startsWith('application/') ?? false;
  if (!isAsked || isWatch || !isObject || !response.ok) return response;
  const body = Buffer.from(await response.arrayBuffer());
  const headers = new Headers(response.headers);
  headers.set('vary', 'Accept-Encoding');
  if (body.length <= COMPRESSED_FROM_BYTES)
    return new Response(body, { status: response.status, headers });
  headers.set('content-encoding', 'gzip');
  headers.delete('content-length');
  const short = gzipSync(body, { level: constants.Z_BEST_SPEED });
  return new Response(short, { status: response.status, headers });
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

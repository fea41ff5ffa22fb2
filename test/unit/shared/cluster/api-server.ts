import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { returnCertificate, takeCertificate } from '../../../../sandbox/kubernetes/tls.ts';
import { listenOnLoopback } from '../../../../sandbox/loopback.ts';

/** One request as an API server got it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly accept: string | undefined;
  readonly body: unknown;
}

export interface ApiAnswer {
  readonly status?: number;
  readonly body: unknown;
  /** Sent in place of `body`, as it is. */
  readonly text?: string;
  /** Sent in place of `body` as it is, and said to be compressed with gzip. */
  readonly gzip?: Buffer;
}

/** An HTTPS server that answers as a test tells it to, also what no API server should. */
export interface ScriptedApiServer {
  readonly server: string;
  readonly caData: string;
  readonly requests: readonly ApiRequest[];
  /** How many connections were opened. */
  connections(): number;
  /**
   * Sets who answers from now on; `undefined` leaves a request without an answer, `reset` breaks its
   * connection.
   */
  answer(handler: (request: ApiRequest) => ApiAnswer | 'reset' | undefined): void;
  stop(): Promise<void>;
}

export async function startScriptedApiServer(): Promise<ScriptedApiServer> {
  const certificate = await takeCertificate();
  const { key, cert, ca } = certificate;
  const requests: ApiRequest[] = [];
  let connections = 0;
  let handler: (request: ApiRequest) => ApiAnswer | 'reset' | undefined = () => ({
    status: 500,
    body: {},
  });

  const server = createServer({ key, cert }, async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'https://127.0.0.1');
    const body = await text(incoming);
    const request: ApiRequest = {
      method: incoming.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      authorization: incoming.headers.authorization,
      contentType: incoming.headers['content-type'],
      accept: incoming.headers.accept,
      body: body === '' ? undefined : JSON.parse(body),
    };
    requests.push(request);
    const answer = handler(request);
    if (answer === undefined) return;
    if (answer === 'reset') {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(answer.status ?? 200, {
      'content-type': 'application/json',
      ...(answer.gzip === undefined ? {} : { 'content-encoding': 'gzip' }),
    });
    outgoing.end(answer.gzip ?? answer.text ?? JSON.stringify(answer.body));
  });
  server.on('secureConnection', () => {
    connections += 1;
  });
  const { port, stop } = await listenOnLoopback(server);

  return {
    server: `https://127.0.0.1:${port}`,
    caData: Buffer.from(ca).toString('base64'),
    requests,
    connections: () => connections,
    answer(next) {
      handler = next;
    },
    async stop() {
      await stop();
      returnCertificate(certificate);
    },
  };
}

/** A refusal as the API server words it. */
export function refusal(status: number, details: Record<string, unknown>): ApiAnswer {
  return { status, body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', ...details } };
}

export function podObject(name: string): Record<string, unknown> {
  return {
    metadata: {
      namespace: 'demo',
      name,
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
    },
    spec: { nodeName: 'worker-a' },
    status: { phase: 'Running' },
  };
}

export function listOf(items: readonly unknown[], next?: string): ApiAnswer {
  return { body: { metadata: next === undefined ? {} : { continue: next }, items } };
}

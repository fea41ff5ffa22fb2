import { createServer, type ServerResponse } from 'node:http';
import type { Registry } from 'prom-client';

export interface HealthServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves `/healthz` (the process answers), `/readyz` (its work has begun) and
 * `/metrics` (Prometheus).
 *
 * @param options.port 0 for one that the system chooses.
 * @throws an Error if it can't listen on the port.
 */
export async function serveHealth(options: {
  readonly host?: string;
  readonly port: number;
  readonly registry: Registry;
  /** What is still missing; `undefined` when ready. */
  readonly notReady: () => string | undefined;
}): Promise<HealthServer> {
  const { registry, notReady } = options;
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET') answer(response, 405, 'only GET');
    else if (path === '/healthz') answer(response, 200, 'ok');
    else if (path === '/readyz') {
      const missing = notReady();
      answer(response, missing === undefined ? 200 : 503, missing ?? 'ok');
    } else if (path === '/metrics') {
      registry.metrics().then(
        (text) => answer(response, 200, text, registry.contentType),
        (error) => answer(response, 500, String(error)),
      );
    } else answer(response, 404, 'there are /healthz, /readyz and /metrics');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('HTTP: no TCP port');
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(response: ServerResponse, status: number, text: string, type = 'text/plain'): void {
  response.writeHead(status, { 'content-type': type });
  response.end(`${text}\n`);
}

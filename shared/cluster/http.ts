import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { createSecureContext } from 'node:tls';
import {
  type PromiseHttpLibrary,
  type RequestContext,
  ResponseContext,
} from '@kubernetes/client-node/dist/gen/http/http.js';
import type { HttpsProxy } from '../proxy.ts';

/**
 * A connection that was idle for this long (ms) is not used again: what is between a function and
 * an API server forgets it after 350 s without a word to either (Elastic Load Balancing User Guide
 * for Network Load Balancers, "Connection idle timeout"; Amazon VPC User Guide, "NAT gateways").
 */
const MAX_IDLE_MS = 300_000;

/**
 * HTTPS for the Kubernetes client, on Node's own: as many connections as there are requests at a
 * time, kept for the next ones, and TLS sessions kept for the next connections.
 *
 * A request that gets no answer on a kept connection, since the other side had closed it meanwhile,
 * is sent once more on a new one. It may have been done the first time, so every request has to be
 * one that can be done twice.
 *
 * @param ca the certificate authority, PEM.
 * @param proxy through which the requests go; absent: through none.
 */
export function httpsLibrary(ca: string, proxy: HttpsProxy = {}): PromiseHttpLibrary {
  const agent = new Agent({
    keepAlive: true,
    proxyEnv: { ...proxy },
    timeout: MAX_IDLE_MS,
    secureContext: createSecureContext({ ca }),
  });
  return {
    async send(request) {
      try {
        return await exchange(agent, request);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
        // Where one was closed during a freeze of the function, so were the others.
        for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
        return await exchange(agent, request);
      }
    },
  };
}

/** The API server's own types are sent as JSON: of forms and files it knows nothing. */
function textOf(request: RequestContext): string | undefined {
  const body = request.getBody();
  if (body === undefined || typeof body === 'string') return body;
  throw new TypeError('a request to an API server has a body of text');
}

/** The kept connection that a request was sent on had been closed by the other side. */
class StaleConnection extends Error {
  override readonly name = 'StaleConnection';
}

async function exchange(agent: Agent, request: RequestContext): Promise<ResponseContext> {
  const response = await send(agent, request);
  const body = await text(response);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) headers[name] = String(value);
  return new ResponseContext(response.statusCode ?? 0, headers, {
    text: async () => body,
    binary: async () => Buffer.from(body),
    stream: () => null,
  });
}

function send(agent: Agent, request: RequestContext): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      request.getUrl(),
      {
        agent,
        method: request.getHttpMethod(),
        headers: request.getHeaders(),
        signal: request.getSignal(),
      },
      resolve,
    );
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const closed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      reject(
        sent.reusedSocket && closed ? new StaleConnection(error.message, { cause: error }) : error,
      );
    });
    sent.end(textOf(request));
  });
}

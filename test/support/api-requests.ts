import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

/** An API server, and what its administrator knows of it. */
export interface AdminEndpoint {
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** The authority's certificate, PEM in base64. */
  readonly caData: string;
  readonly adminToken: string;
}

export interface Sent {
  /** Sent as JSON; text and bytes as they are. */
  readonly body?: object | string | Buffer;
  /** The Content-Type; none unless given. */
  readonly type?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface ApiRequests {
  /** @returns whatever is answered, as it begins. */
  send(method: string, path: string, sent?: Sent): Promise<IncomingMessage>;
  close(): void;
}

/** Requests as any HTTP client sends them, with the rights of the administrator. */
export function apiRequests({ server, caData, adminToken }: AdminEndpoint): ApiRequests {
  const ca = Buffer.from(caData, 'base64');
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 16 });
  return {
    send(method, path, { body, type, accept, signal } = {}) {
      const asItIs = typeof body !== 'object' || Buffer.isBuffer(body);
      const payload = asItIs ? body : JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${adminToken}`,
        ...(type !== undefined && { 'content-type': type }),
        ...(accept !== undefined && { accept }),
        ...(payload !== undefined && { 'content-length': Buffer.byteLength(payload) }),
      };
      return new Promise((resolve, reject) => {
        const asked = request(new URL(path, server), { method, headers, agent, signal });
        asked.once('response', resolve).once('error', reject).end(payload);
      });
    },
    close: () => agent.destroy(),
  };
}

import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import type { HttpsProxy } from '../shared/proxy.ts';

/** A dead peer is noticed within about this and 10 s more, ms: TCP keep-alive probes an idle watch. */
const KEEP_ALIVE_MS = 15_000;
/** An answer has to begin within this, ms; reading it may take as long as its caller allows. */
const ANSWER_TIMEOUT_MS = 30_000;

/** The API server answered with a status that is not success. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, method: string, path: string, detail: string) {
    super(`Kubernetes API: ${method} ${path}: ${status} ${detail}`);
    this.status = status;
  }
}

/** An answer is longer than anything the API server has reason to say. */
export class TooLong extends Error {
  override readonly name = 'TooLong';
}

export interface KubeRequest {
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** With the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
}

/**
 * One call on the API server of a kubeconfig.
 *
 * The client's generated API has no time-outs and reads an answer whole, and its
 * Watch drops lines that it can't parse: neither suits a program that must notice
 * what it missed and has a bound on its memory.
 */
export type Kube = (request: KubeRequest) => Promise<IncomingMessage>;

/**
 * @param proxy through which the API server is reached; absent: through none, or through the one
 *   that the kubeconfig names.
 * @throws Error at once, where the kubeconfig names no cluster.
 */
export function kubeFrom(config: KubeConfig, proxy: HttpsProxy = {}): Kube {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new Error('kubeconfig: its current context names no cluster');
  const base = new URL(server);
  const send = base.protocol === 'http:' ? httpRequest : httpsRequest;
  const agent =
    proxy.HTTPS_PROXY !== undefined && base.protocol === 'https:'
      ? new Agent({ proxyEnv: { ...proxy } })
      : undefined;

  return async ({ method = 'GET', path, body, signal }) => {
    const options: RequestOptions = { method, signal };
    await config.applyToHTTPSOptions(options);
    if (agent !== undefined) options.agent = agent;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    options.headers = {
      ...options.headers,
      accept: 'application/json',
      ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const url = new URL(base.pathname.replace(/\/$/, '') + path, base);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = send(url, options, resolve).on('error', reject);
      const late = setTimeout(() => {
        sent.destroy(new Error(`no answer to ${method} ${path} in ${ANSWER_TIMEOUT_MS} ms`));
      }, ANSWER_TIMEOUT_MS);
      sent.on('response', () => clearTimeout(late)).on('close', () => clearTimeout(late));
      sent.setSocketKeepAlive(true, KEEP_ALIVE_MS);
      sent.end(payload);
    });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const detail = (await readText(response, 64 * 1024)).slice(0, 500);
    throw new ApiError(status, method, path, detail);
  };
}

/**
 * Reads an answer whole.
 *
 * @throws TooLong where it is longer than `limit` bytes.
 */
export async function readText(response: IncomingMessage, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) {
      response.destroy();
      throw new TooLong(`an answer is longer than ${limit} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * The lines of an answer as they come, the last only where it ends in a line break.
 *
 * @throws TooLong where one is longer than `limit` characters.
 */
export async function* readLines(response: IncomingMessage, limit: number): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let begun: string[] = [];
  let length = 0;
  for await (const chunk of response) {
    const [first = '', ...others] = String(chunk).split('\n');
    begun.push(first);
    length += first.length;
    if (length > limit) {
      response.destroy();
      throw new TooLong(`a line of a watch is longer than ${limit} characters`);
    }
    const last = others.pop();
    if (last === undefined) continue;
    for (const line of [begun.join(''), ...others]) if (line !== '') yield line;
    begun = [last];
    length = last.length;
  }
}

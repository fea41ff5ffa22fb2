import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest, type RequestOptions } from 'node:https';
import { CodedError } from '../errors.ts';

/** How long a watch is idle until TCP keep-alive probes it. A dead peer is noticed about 10 s later. */
const KEEP_ALIVE_MS = 15_000;
/**
 * How long until an answer has to begin, unless the caller says otherwise. Reading it may take as long
 * as the caller allows.
 */
const ANSWER_TIMEOUT_MS = 30_000;
const LONGEST_REFUSAL_BYTES = 64 * 1024;
const JSON_TYPE = 'application/json';

export interface ApiRequest {
  /** Absent: GET. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of the body; absent: application/json. */
  readonly contentType?: string;
  /** What form the answer is to have; absent: application/json. */
  readonly accept?: string;
  /** The caller reads an answer that is compressed with gzip, too: see `decompressed`. */
  readonly takesGzip?: boolean;
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
  /** Within how many ms the answer has to begin; absent: 30 s. */
  readonly answerTimeoutMs?: number;
}

/**
 * One call on an API server, which gives the answer as it begins. Every request has to be one that can
 * be done twice: it is sent again if the connection that was kept for it had been closed.
 *
 * It throws ApiError for an answer that is no success, the signal's abort, and what Node's sockets
 * throw.
 */
export type ApiTransport = (request: ApiRequest) => Promise<IncomingMessage>;

/** Where an API server is, and what it and its caller know each other by. */
export interface Endpoint {
  /** `https://…` */
  readonly server: string;
  /** Completes the options of a request: an agent, headers, certificates. */
  readonly authenticate: (options: RequestOptions) => Promise<void>;
}

/** The API server answered with a status that is no success. */
export class ApiError extends CodedError {
  override readonly name = 'ApiError';
  readonly errorCode = 'api-refusal';
  /** The HTTP status. */
  readonly code: number;
  /** The answer, a `metav1.Status` as JSON if the API server itself gave it. */
  readonly body: string;

  constructor(code: number, what: string, body: string) {
    super(`Kubernetes API: ${what}: ${code} ${body.slice(0, 500)}`);
    this.code = code;
    this.body = body;
  }
}

/** An answer is longer than anything the API server has reason to say. */
export class AnswerTooLongError extends CodedError {
  override readonly name = 'AnswerTooLongError';
  readonly errorCode = 'answer-too-long';
}

/** The kept connection that a request was sent on had been closed by the other side. */
class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';
}

/**
 * Requests over Node's own HTTP. The client's generated API has no time-outs and reads an answer whole.
 * Its Watch drops lines that it cannot parse. Neither suits a program that must notice what it missed
 * and has a bound on its memory (docs/decisions/0012-own-kubernetes-transport.md).
 */
export function apiTransport({ server, authenticate }: Endpoint): ApiTransport {
  const base = new URL(server);
  const prefix = base.pathname.replace(/\/$/, '');

  return async ({
    method = 'GET',
    path,
    body,
    contentType = JSON_TYPE,
    accept = JSON_TYPE,
    takesGzip = false,
    signal,
    answerTimeoutMs = ANSWER_TIMEOUT_MS,
  }) => {
    const options: RequestOptions = { method, signal };
    await authenticate(options);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    options.headers = {
      ...options.headers,
      accept,
      ...(takesGzip ? { 'accept-encoding': 'gzip' } : {}),
      // Node says the length of no DELETE's body by itself, and the body would be read as a next request.
      ...(payload === undefined
        ? {}
        : { 'content-type': contentType, 'content-length': Buffer.byteLength(payload) }),
    };
    const url = new URL(prefix + path, base);
    const response = await sendTwice({ url, options, payload, answerTimeoutMs });
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const refusal = await readText(response, LONGEST_REFUSAL_BYTES);
    throw new ApiError(status, `${method} ${path}`, refusal);
  };
}

interface Sending {
  readonly url: URL;
  readonly options: RequestOptions;
  readonly payload: string | undefined;
  readonly answerTimeoutMs: number;
}

async function sendTwice(sending: Sending): Promise<IncomingMessage> {
  try {
    return await send(sending);
  } catch (error) {
    if (!(error instanceof StaleConnectionError)) throw error;
    // If one was closed during a freeze of the function, so were the others.
    const { agent } = sending.options;
    const kept = agent instanceof Agent ? agent.freeSockets : {};
    for (const socket of Object.values(kept).flat()) socket?.destroy();
    return send(sending);
  }
}

function send({ url, options, payload, answerTimeoutMs }: Sending): Promise<IncomingMessage> {
  const begin = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise<IncomingMessage>((resolve, reject) => {
    const sent = begin(url, options, resolve);
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const isClosed = error.code === 'ECONNRESET' || error.code === 'EPIPE';
      const isStale = sent.reusedSocket && isClosed;
      reject(isStale ? new StaleConnectionError(error.message, { cause: error }) : error);
    });
    const late = setTimeout(() => {
      sent.destroy(new Error(`no answer to ${options.method} ${url} in ${answerTimeoutMs} ms`));
    }, answerTimeoutMs);
    sent.on('response', () => clearTimeout(late)).on('close', () => clearTimeout(late));
    sent.setSocketKeepAlive(true, KEEP_ALIVE_MS);
    sent.end(payload);
  });
}

/**
 * Reads an answer whole.
 *
 * @throws AnswerTooLongError if it is longer than `limit` bytes.
 */
export async function readText(response: IncomingMessage, limit: number): Promise<string> {
  // Texts from the start: buffers of a long list have the whole heap collected, page after page.
  response.setEncoding('utf8');
  const chunks: string[] = [];
  let size = 0;
  for await (const chunk of response) {
    const text = String(chunk);
    size += Buffer.byteLength(text);
    if (size > limit) {
      response.destroy();
      throw new AnswerTooLongError(`an answer is longer than ${limit} bytes`);
    }
    chunks.push(text);
  }
  return chunks.join('');
}

/**
 * The lines of an answer as they come, the last only if it ends in a line break.
 *
 * @throws AnswerTooLongError if one is longer than `limit` characters.
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
      throw new AnswerTooLongError(`a line of a watch is longer than ${limit} characters`);
    }
    const last = others.pop();
    if (last === undefined) continue;
    for (const line of [begun.join(''), ...others]) if (line !== '') yield line;
    begun = [last];
    length = last.length;
  }
}

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '../../shared/time/clock.ts';
import { listenOnLoopback } from '../loopback.ts';
import { createTokens, type Tokens } from './tokens.ts';
import { type InstanceFacts, metadataOf } from './tree.ts';

/**
 * What keeps a caller from an answer.
 * - `hop-limit-1`: the token goes no further than the instance, so a pod with a network of its own
 *   never sees it.
 * - `disabled`: HttpEndpoint is disabled.
 */
export type ImdsTrouble = 'none' | 'hop-limit-1' | 'disabled';

export interface ImdsOptions extends InstanceFacts {
  readonly clock?: Clock;
  /** Default 127.0.0.1; a node's network namespace has the real one, 169.254.169.254. */
  readonly host?: string;
  /** Default: one that the system chooses. */
  readonly port?: number;
}

/** The instance metadata service of one instance, version 2 only (HttpTokens=required). */
export interface Imds {
  /** For AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  readonly endpoint: string;
  setTrouble(trouble: ImdsTrouble): void;
  /** `PUT /latest/api/token` and the like, oldest first. */
  readonly requests: readonly string[];
  stop(): Promise<void>;
}

/** Starts the metadata service of an instance. */
export async function startImds(options: ImdsOptions): Promise<Imds> {
  const { clock = systemClock, host = '127.0.0.1', port = 0 } = options;
  const tokens = createTokens(clock, () => randomBytes(40).toString('base64'));
  const requests: string[] = [];
  let trouble: ImdsTrouble = 'none';
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (trouble === 'hop-limit-1' && request.method === 'PUT') return;
    const parts = { tokens, facts: options, now: clock.now() };
    const { status, body } = trouble === 'disabled' ? { status: 403 } : answerTo(request, parts);
    response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
  });
  const listening = await listenOnLoopback(server, { host, port });
  return {
    endpoint: `http://${host}:${listening.port}`,
    setTrouble(next) {
      trouble = next;
    },
    requests,
    stop: listening.stop,
  };
}

interface Parts {
  readonly tokens: Tokens;
  readonly facts: InstanceFacts;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

interface Answer {
  readonly status: number;
  readonly body?: string;
}

/**
 * EC2 User Guide, "Use the Instance Metadata Service to access instance metadata". The statuses:
 * - 400 for a wrong time to live.
 * - 401 without a valid token.
 * - 403 for a forwarded PUT.
 * - 404 for a path that has nothing.
 */
function answerTo(request: IncomingMessage, { tokens, facts, now }: Parts): Answer {
  const { method, url = '/', headers } = request;
  if (method === 'PUT' && url === '/latest/api/token') {
    if (headers['x-forwarded-for'] !== undefined) return { status: 403 };
    const token = tokens.issue(headers['x-aws-ec2-metadata-token-ttl-seconds']);
    return token === undefined ? { status: 400 } : { status: 200, body: token };
  }
  if (method !== 'GET') return { status: 405 };
  if (!tokens.isValid(headers['x-aws-ec2-metadata-token'])) return { status: 401 };
  const body = metadataOf(facts, now).get(url);
  return body === undefined ? { status: 404 } : { status: 200, body };
}

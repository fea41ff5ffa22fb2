import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { MapChange, MapData } from '../../console/data.ts';
import { changeOf } from './data.ts';
import type { Page } from './page.ts';

/** The page and its data, served on loopback. */
export interface MapServer {
  readonly url: string;
  show(data: MapData): void;
  /** It could not be read again. */
  trouble(reason: string): void;
  stop(): Promise<void>;
}

const HOST = '127.0.0.1';
/** A page that has so much unsent is let go of. It connects again, and is told all. */
const MOST_UNSENT_BYTES = 64 * 1024 * 1024;

const HEADERS = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * Serves the page to browsers of this machine. Its address has a part that other users of the
 * machine cannot guess.
 *
 * @param port absent: one that is free.
 * @throws what the system says where it cannot listen there.
 */
export async function serveMap(first: MapData, page: Page, port = 0): Promise<MapServer> {
  let data = first;
  const listeners = new Set<ServerResponse>();
  const root = `/${randomBytes(16).toString('hex')}/`;
  const server = createServer((request, response) => {
    const status = statusOfRefusal(request, origin);
    if (status !== undefined) answer(response, status);
    else if (request.url === root) sendPage(request, response, page);
    else if (request.url === `${root}events` && request.method === 'GET') {
      begin(response, listeners);
      send(response, 'whole', data);
    } else answer(response, 404);
  });
  server.listen(port, HOST);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const origin = `http://${HOST}:${address.port}`;
  const tell = (name: string, value: MapChange | { readonly trouble?: string }): void => {
    for (const listener of listeners) send(listener, name, value);
  };
  return {
    url: `${origin}${root}`,
    show(now) {
      const change = changeOf(data, now);
      data = now;
      if (change === undefined) tell('heard', {});
      else tell('change', change);
    },
    trouble: (trouble) => tell('heard', { trouble }),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * The status by which a request is refused: one that wants to change something, one to a name that
 * somebody else pointed at this machine (DNS rebinding), and one by a page of another origin.
 */
function statusOfRefusal({ method, headers }: IncomingMessage, origin: string): number | undefined {
  if (method !== 'GET' && method !== 'HEAD') return 405;
  if (`http://${headers.host}` !== origin) return 421;
  if (headers.origin !== undefined && headers.origin !== origin) return 403;
  const site = headers['sec-fetch-site'];
  // The file that leads a browser here is of no site. What a page is shown as, another cannot read.
  const isShown =
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if (site === 'cross-site' && isShown) return undefined;
  if (site === 'cross-site' || site === 'same-site') return 403;
  return undefined;
}

function answer(response: ServerResponse, status: number): void {
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {};
  response.writeHead(status, {
    ...HEADERS,
    ...allow,
    'content-security-policy': "default-src 'none'",
  });
  response.end();
}

function sendPage({ method }: IncomingMessage, response: ServerResponse, page: Page): void {
  response.writeHead(200, {
    ...HEADERS,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': page.policy,
  });
  response.end(method === 'HEAD' ? undefined : page.html);
}

/** Server-sent events (HTML Standard, "Server-sent events"). */
function begin(response: ServerResponse, listeners: Set<ServerResponse>): void {
  response.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
  listeners.add(response);
  response.on('close', () => listeners.delete(response));
}

function send(response: ServerResponse, name: string, value: object): void {
  // JSON has no line breaks of its own.
  response.write(`event: ${name}\ndata: ${JSON.stringify(value)}\n\n`);
  if (response.writableLength > MOST_UNSENT_BYTES) response.destroy();
}

import { type IncomingMessage, request, type ServerResponse } from 'node:http';

/**
 * Passes a request on to a server by HTTP, and its answer back.
 *
 * @param to where the server is.
 * @param body what is sent; absent: what comes with the request.
 */
export function passOn(
  to: URL,
  incoming: IncomingMessage,
  answer: ServerResponse,
  body?: Buffer,
): void {
  const { method, headers, url: path } = incoming;
  const { hostname, port } = to;
  const passed = request({ hostname, port, method, path, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    reply.pipe(answer);
  });
  passed.once('error', () => answer.destroy());
  if (body === undefined) incoming.pipe(passed);
  else passed.end(body);
}

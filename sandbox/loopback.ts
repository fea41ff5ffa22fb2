import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A server on a loopback port that the system chose. */
export interface Listening {
  readonly port: number;
  /** Closes it, with the connections that are open. */
  stop(): Promise<void>;
}

/**
 * Has an HTTP or HTTPS server listen on loopback.
 *
 * @param at another loopback address, or a port that is wanted.
 * @throws what the system says where it cannot.
 */
export async function listenOnLoopback(
  server: Server,
  { host = '127.0.0.1', port = 0 }: { readonly host?: string; readonly port?: number } = {},
): Promise<Listening> {
  // By default Node closes a connection that was idle for five seconds: on a busy machine, a test's.
  server.keepAliveTimeout = 0;
  const connections = connectionsOf(server);
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return {
    port: address.port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.destroy();
      await closed;
    },
  };
}

/**
 * Those that are open, also during a TLS handshake: closeAllConnections of `node:https` does not know
 * of these yet.
 */
function connectionsOf(server: Server): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.on('connection', (connection: Socket) => {
    open.add(connection);
    connection.once('close', () => open.delete(connection));
  });
  return open;
}

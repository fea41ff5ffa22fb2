import { once } from 'node:events';
import { createServer as createHttpServer, get } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { listenOnLoopback } from '../../../sandbox/loopback.ts';

test.each([
  ['HTTP', createHttpServer()],
  ['HTTPS, so in the middle of its handshake', createHttpsServer()],
])('a server stops while somebody is connected who says nothing: %s', async (_, server) => {
  const { port, stop } = await listenOnLoopback(server);
  const connected = once(server, 'connection');
  const client = connect(port, '127.0.0.1').resume();
  const ended = once(client, 'close');
  await connected;
  await stop();
  await ended;
});

test('a server stops while a request waits for its answer', async () => {
  const server = createHttpServer();
  const { port, stop } = await listenOnLoopback(server);
  const asked = once(server, 'request');
  const failed = once(get({ port, host: '127.0.0.1' }), 'error');
  await asked;
  await stop();
  expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
});

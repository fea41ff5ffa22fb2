import { spawn } from 'node:child_process';
import dgram from 'node:dgram';
import dns from 'node:dns';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { takeRefusals } from '../../support/setup/loopback-only.ts';

/** TEST-NET-1 (RFC 5737): no host has this address. */
const OUTSIDE = '192.0.2.1';

async function errorOf(emitter: NodeJS.EventEmitter): Promise<unknown> {
  const [error] = await once(emitter, 'error');
  return error;
}

async function listen(): Promise<number> {
  const server = http.createServer((_request, response) => response.end('here'));
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Expects the one refusal so far, and keeps it from failing the test. */
function expectRefusal(target: string): void {
  const refusals = takeRefusals();
  expect(refusals.map((refusal) => refusal.message)).toEqual([expect.stringContaining(target)]);
}

describe('a connection that is not loopback is refused', () => {
  const attempts: Record<string, () => Promise<unknown>> = {
    'net, by address': () => errorOf(net.connect(80, OUTSIDE)),
    'net, by options': () => errorOf(net.connect({ host: OUTSIDE, port: 80 })),
    'net, IPv6': () => errorOf(net.connect({ host: '2001:db8::1', port: 80 })),
    'net, every interface': () => errorOf(net.connect({ host: '0.0.0.0', port: 80 })),
    'net, by name': () => errorOf(net.connect(80, 'example.com')),
    'a name that only begins like loopback': () => errorOf(net.connect(80, '127.0.0.1.example')),
    http: () => errorOf(http.get(`http://${OUTSIDE}/`)),
    https: () => errorOf(https.get('https://example.com/')),
    fetch: () => fetch('https://example.com/').catch((error: unknown) => error),
    'dns.lookup': () => new Promise((done) => void dns.lookup('example.com', done)),
    'dns.promises.resolve4': () =>
      dns.promises.resolve4('example.com').catch((error: unknown) => error),
    'a Resolver': () =>
      new Promise((done) => void new dns.Resolver().resolveTxt('example.com', done)),
  };
  test.each(Object.entries(attempts))('%s', async (_how, attempt) => {
    expect(await attempt()).toMatchObject({ code: 'ERR_NOT_LOOPBACK' });
    expect(takeRefusals()).toHaveLength(1);
  });

  test('UDP', () => {
    const socket = dgram.createSocket('udp4');
    onTestFinished(() => void socket.close());
    expect(() => socket.send('ping', 9, OUTSIDE)).toThrow(OUTSIDE);
    expectRefusal(OUTSIDE);
  });

  test('and the error names the target and the file that tried', async () => {
    await errorOf(net.connect(80, OUTSIDE));
    expect(takeRefusals()[0]?.message).toMatch(/192\.0\.2\.1.*loopback-only\.test\.ts:\d+/);
  });
});

describe('what a test starts is guarded too', () => {
  const code = `import net from 'node:net';
    net.connect(80, '${OUTSIDE}').on('error', (error) => console.log(error.code));`;

  test('a program', async () => {
    const program = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    expect(await text(program.stdout)).toBe('ERR_NOT_LOOPBACK\n');
  });

  test.each([
    { thread: 'a worker thread', options: {} },
    { thread: 'a worker thread that inherits no options', options: { execArgv: [] } },
  ])('$thread', async ({ options }) => {
    const source = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
    const worker = new Worker(source, { stdout: true, ...options });
    expect(await text(worker.stdout)).toBe('ERR_NOT_LOOPBACK\n');
  });
});

describe('loopback is let through', () => {
  test.each(['127.0.0.1', 'localhost'])('%s', async (host) => {
    const port = await listen();
    const response = await fetch(`http://${host}:${port}/`);
    expect(await response.text()).toBe('here');
  });

  test('a UNIX socket', async () => {
    const error = await errorOf(net.connect('/nowhere/to.sock'));
    expect(error).toMatchObject({ code: 'ENOENT' });
  });
});

test('nothing of the machine’s AWS configuration is left', () => {
  const names = Object.keys(process.env).filter((name) => name.startsWith('AWS_'));
  expect(names.sort()).toEqual([
    'AWS_CONFIG_FILE',
    'AWS_EC2_METADATA_DISABLED',
    'AWS_SHARED_CREDENTIALS_FILE',
  ]);
});

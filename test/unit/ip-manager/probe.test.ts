import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type EchoSeen, keepEchoing } from '../../../ip-manager/probe/echo.ts';
import { interfaceFactsOf } from '../../../ip-manager/probe/interface-facts.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { eventually } from '../../support/wait.ts';

/** A root folder with these files, as the kernel shows them. */
async function rootWith(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'probe-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return root;
}

test('an interface is seen as the kernel shows it', async () => {
  const root = await rootWith({
    'sys/class/net/net1/operstate': 'lowerlayerdown\n',
    'sys/class/net/net1/carrier': '0\n',
    'sys/class/net/net1/mtu': '9001\n',
    'proc/sys/net/ipv4/conf/all/rp_filter': '1\n',
    'proc/sys/net/ipv4/conf/net1/rp_filter': '2\n',
    'proc/net/netstat':
      'TcpExt: SyncookiesSent IPReversePathFilter\nTcpExt: 1 7\nIpExt: InNoRoutes\nIpExt: 9\n',
    'proc/net/if_inet6': [
      '26001f18111100010000000000000070 05 40 00 88     net1',
      'fe80000000000000000000fffe000001 05 40 20 80     net1',
      '26001f18111100010000000000000071 03 40 00 88     eth0',
    ].join('\n'),
  });
  expect(await interfaceFactsOf('net1', root)).toEqual({
    link: { up: false, state: 'lowerlayerdown', mtu: 9001 },
    reversePath: { mode: 2, dropped: 7 },
    duplicates: ['2600:1f18:1111:0001:0000:0000:0000:0070'],
  });
});

test('of an interface that there is not, nothing is said', async () => {
  expect(await interfaceFactsOf('net1', await rootWith({}))).toEqual({
    reversePath: { mode: 0, dropped: 0 },
    duplicates: [],
  });
});

test('a pod is asked from a port of its own, so that no filter takes the question for an answer', async () => {
  const peer = createSocket('udp4').bind(20_179, '127.0.0.6');
  await once(peer, 'listening');
  const seen: EchoSeen = { answered: 0, received: 0 };
  const ending = new AbortController();
  const echo = { run: 'run', address: '127.0.0.5', port: 20_179, peer: '127.0.0.6', seen };
  const running = keepEchoing({ ...echo, clock: systemClock, mtu: () => 1500 }, ending.signal);
  onTestFinished(async () => {
    ending.abort();
    await running;
    peer.close();
  });
  const { promise: asked, resolve } = Promise.withResolvers<{ text: string; port: number }>();
  peer.on('message', (data, { port }) => resolve({ text: String(data), port }));
  const from = await asked;
  expect(from.text).toBe('Q run');
  expect(from.port).not.toBe(20_179);
  // Nobody but the port that asked takes an answer, and nobody but the known one a question.
  peer.send('A run 33', 20_179, '127.0.0.5');
  peer.send('Q run', from.port, '127.0.0.5');
  peer.send('A run 33', from.port, '127.0.0.5');
  await eventually(() => seen.answered).toBe(1);
  expect(seen.received).toBe(0);
});

test('two pods answer each other alone, and find out how long packets may be', async () => {
  const ending = new AbortController();
  const seen = new Map<string, EchoSeen>();
  const start = (address: string, peer: string, run = 'run') => {
    const own = { answered: 0, received: 0 };
    seen.set(address, own);
    const more = { clock: systemClock, port: 20_178, mtu: () => 1500, seen: own };
    return keepEchoing({ run, address, peer, ...more }, ending.signal);
  };
  const running = [
    start('127.0.0.2', '127.0.0.3'),
    start('127.0.0.3', '127.0.0.2'),
    start('127.0.0.4', '127.0.0.2', 'another'),
  ];
  onTestFinished(async () => {
    ending.abort();
    await Promise.all(running);
  });
  const whole = { tried: 1500, passed: 1500, done: true };
  await eventually(() => seen.get('127.0.0.2')?.longest).toEqual(whole);
  await eventually(() => seen.get('127.0.0.3')?.longest).toEqual(whole);
  expect(seen.get('127.0.0.4')).toMatchObject({ answered: 0, received: 0 });
});

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Clock, sleep } from '../../shared/time/clock.ts';

const REQUEST = 'Q';
const ANSWER = 'A';
const TICK_MS = 200;
const RETRY_MS = 500;
/** How often the longest packet is tried, before a shorter one is taken for the longest that passes. */
const LONGEST_TRIES = 8;
/** Bytes of the headers before the data: IPv4 20, IPv6 40 (RFC 791, RFC 8200), UDP 8 (RFC 768). */
const HEADERS = { 4: 28, 6: 48 } as const;
/** Lengths of packets that networks are limited to, as tunnels and jumbo frames have them. */
const LENGTHS = [8951, 8500, 4000, 1500, 1480, 1460, 1450, 1440, 1420, 1400, 1380, 1350, 1280, 576];

export interface Echo {
  readonly clock: Clock;
  readonly run: string;
  readonly address: string;
  readonly port: number;
  readonly peer: string | undefined;
  /** The MTU of the interface, once it is known. */
  readonly mtu: () => number | undefined;
  readonly seen: EchoSeen;
}

/** Written as it is seen. */
export interface EchoSeen {
  answered: number;
  received: number;
  longest?: { tried: number; passed: number; done: boolean };
  trouble?: string;
}

/**
 * Answers the other pod, and asks it, in packets of many lengths once it has answered. An answer is
 * short whatever was asked: so the length of one direction alone is tried. Linux does not fragment
 * what fits the interface's MTU.
 *
 * It asks from a port of its own, as clients do. From the port that it answers at, a security group would
 * take what one pod asks for an answer to the other, and let it in (Amazon EC2 User Guide, "Security group
 * connection tracking"); and a network ACL that forgets the ports of clients would lose nothing (Amazon
 * VPC User Guide, "Ephemeral ports").
 */
export async function keepEchoing(echo: Echo, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const type = echo.address.includes(':') ? 'udp6' : 'udp4';
    const [answering, asking] = [createSocket(type), createSocket(type)];
    try {
      await listen(answering, echo.address, echo.port, signal);
      await listen(asking, echo.address, 0, signal);
      delete echo.seen.trouble;
      answer(echo, answering);
      await ask(echo, asking, signal);
    } catch (error) {
      // An address may be gone for a moment, or not be there yet.
      if (!signal.aborted) echo.seen.trouble = String(error);
    } finally {
      answering.close();
      asking.close();
    }
    await sleep(echo.clock, RETRY_MS, signal).catch(() => undefined);
  }
}

async function listen(
  socket: Socket,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  socket.bind(port, address);
  await once(socket, 'listening', { signal });
  socket.on('error', () => {});
}

function answer({ run, address, seen }: Echo, socket: Socket): void {
  socket.on('message', (data, from) => {
    const [kind, whose] = wordsOf(data);
    if (kind !== REQUEST || whose !== run) return;
    seen.received += 1;
    send(socket, `${ANSWER} ${run} ${data.length + overheadOf(address)}`, from);
  });
}

async function ask(echo: Echo, socket: Socket, signal: AbortSignal): Promise<void> {
  const { clock, run, address, peer, port, seen } = echo;
  socket.on('message', (data, from) => {
    const [kind, whose, length] = wordsOf(data);
    if (kind !== ANSWER || whose !== run || from.address !== peer) return;
    seen.answered += 1;
    const passed = Number(length) || 0;
    if (seen.longest !== undefined && passed > seen.longest.passed) seen.longest.passed = passed;
  });
  for (let tries = 0; ; await sleep(clock, TICK_MS, signal)) {
    if (peer === undefined) continue;
    const to = { address: peer, port };
    send(socket, `${REQUEST} ${run}`, to);
    const mtu = echo.mtu();
    if (seen.answered === 0 || mtu === undefined || seen.longest?.done) continue;
    seen.longest ??= { tried: mtu, passed: 0, done: false };
    tries += 1;
    seen.longest.done = seen.longest.passed >= mtu || tries > LONGEST_TRIES;
    if (seen.longest.done) continue;
    for (const length of [mtu, ...LENGTHS.filter((each) => each < mtu)]) {
      send(socket, `${REQUEST} ${run}`, to, length - overheadOf(address));
    }
  }
}

function send(
  socket: Socket,
  text: string,
  { address, port }: { readonly address: string; readonly port: number },
  length = 0,
): void {
  const data = Buffer.alloc(Math.max(length, text.length));
  data.write(text);
  // What cannot be sent is not answered, and that is told.
  socket.send(data, port, address, () => {});
}

function wordsOf(data: Buffer): string[] {
  return data.toString('latin1', 0, 64).replace(/\0.*$/s, '').split(' ');
}

function overheadOf(address: string): number {
  return HEADERS[address.includes(':') ? 6 : 4];
}

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type Clock, sleep } from '../../shared/time/clock.ts';

const REQUEST = 'Q';
const ANSWER = 'A';
const TICK_MS = 200;
const RETRY_MS = 500;
/** So often the longest packet is tried before a shorter one is taken for the longest that passes. */
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
 */
export async function keepEchoing(echo: Echo, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const socket = createSocket(echo.address.includes(':') ? 'udp6' : 'udp4');
    try {
      socket.bind(echo.port, echo.address);
      await once(socket, 'listening', { signal });
      delete echo.seen.trouble;
      await talk(echo, socket, signal);
    } catch (error) {
      // An address may be gone for a moment, or not be there yet.
      if (!signal.aborted) echo.seen.trouble = String(error);
    } finally {
      socket.close();
    }
    await sleep(echo.clock, RETRY_MS, signal).catch(() => undefined);
  }
}

async function talk(echo: Echo, socket: Socket, signal: AbortSignal): Promise<void> {
  const { clock, run, peer, port, seen } = echo;
  const send = (text: string, to: string, length = 0): void => {
    const data = Buffer.alloc(Math.max(length, text.length));
    data.write(text);
    // What cannot be sent is not answered, and that is told.
    socket.send(data, port, to, () => {});
  };
  const overhead = HEADERS[echo.address.includes(':') ? 6 : 4];
  socket.on('message', (data, { address }) => {
    const [kind, whose, length] = data.toString('latin1', 0, 64).replace(/\0.*$/s, '').split(' ');
    if (whose !== run) return;
    if (kind === REQUEST) {
      seen.received += 1;
      send(`${ANSWER} ${run} ${data.length + overhead}`, address);
    } else if (kind === ANSWER && address === peer) {
      seen.answered += 1;
      const passed = Number(length) || 0;
      if (seen.longest !== undefined && passed > seen.longest.passed) seen.longest.passed = passed;
    }
  });
  socket.on('error', () => {});
  for (let tries = 0; ; ) {
    const mtu = echo.mtu();
    if (peer !== undefined) send(`${REQUEST} ${run}`, peer);
    if (peer !== undefined && seen.answered > 0 && mtu !== undefined && !seen.longest?.done) {
      seen.longest ??= { tried: mtu, passed: 0, done: false };
      tries += 1;
      seen.longest.done = seen.longest.passed >= mtu || tries > LONGEST_TRIES;
      const lengths = [mtu, ...LENGTHS.filter((each) => each < mtu)];
      if (!seen.longest.done) {
        for (const each of lengths) send(`${REQUEST} ${run}`, peer, each - overhead);
      }
    }
    await sleep(clock, TICK_MS, signal);
  }
}

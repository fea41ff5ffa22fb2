import { createServer } from 'node:https';
import { Server } from 'proxy-chain';
import { onTestFinished } from 'vitest';
import { createCertificate } from '../../sandbox/kubernetes/tls.ts';
import { listenOnLoopback } from '../../sandbox/loopback.ts';
import { passOn } from './pass-on.ts';

/** A proxy that somebody else wrote, and what it was asked for. */
export interface RunningProxy {
  readonly url: string;
  /** `host:port` of each tunnel that it made. */
  tunnels(): readonly string[];
}

/** Starts it on loopback, for the running test. */
export async function startProxy(): Promise<RunningProxy> {
  const tunnels: string[] = [];
  const server = new Server({
    host: '127.0.0.1',
    port: 0,
    prepareRequestFunction({ hostname, port, isHttp }) {
      if (!isHttp) tunnels.push(`${hostname}:${port}`);
      return {};
    },
  });
  await server.listen();
  onTestFinished(() => server.close(true));
  return { url: `http://127.0.0.1:${server.port}`, tunnels: () => tunnels };
}

export interface TlsFront {
  readonly endpoint: string;
  /** What is to be trusted to reach it, PEM. */
  readonly ca: string;
}

/** Serves by TLS what is at `target`, as AWS's endpoints are served; for the running test. */
export async function startTlsFront(target: string): Promise<TlsFront> {
  const { key, cert, ca } = await createCertificate();
  const to = new URL(target);
  const server = createServer({ key, cert }, (incoming, answer) => {
    passOn(to, incoming, answer);
  });
  const { port, stop } = await listenOnLoopback(server);
  onTestFinished(stop);
  return { endpoint: `https://127.0.0.1:${port}`, ca };
}

import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Cluster, KubeConfig } from '@kubernetes/client-node';
import type { HttpsProxy } from '../proxy.ts';
import { type ApiTransport, apiTransport } from './transport.ts';

/**
 * How long a connection may be idle and still be used again. What is between a function and an API
 * server forgets it after 350 s without a word to either (Elastic Load Balancing User Guide for Network
 * Load Balancers, "Connection idle timeout"; Amazon VPC User Guide, "NAT gateways").
 */
const MAX_IDLE_MS = 300_000;
const KEEPING = { keepAlive: true, timeout: MAX_IDLE_MS };

/** An API server and its caller's token. */
export interface TokenEndpoint {
  /** The API server's address, `https://…`. */
  readonly server: string;
  /** The certificate authority that signed the API server's certificate, PEM in base64. */
  readonly caData: string;
  /** The bearer token, asked for at every request. */
  readonly token: () => Promise<string>;
  /** Through which proxy the API server is reached; absent: through none. */
  readonly proxy?: HttpsProxy;
}

/**
 * An API server that knows its caller by a token. There are as many connections as there are
 * requests at a time, kept for the next ones, and TLS sessions are kept for the next connections.
 */
export function tokenTransport({ server, caData, token, proxy = {} }: TokenEndpoint): ApiTransport {
  const ca = Buffer.from(caData, 'base64').toString();
  const agent = new Agent({
    ...KEEPING,
    proxyEnv: { ...proxy },
    secureContext: createSecureContext({ ca }),
  });
  return apiTransport({
    server,
    async authenticate(options) {
      options.agent = agent;
      options.headers = { authorization: `Bearer ${await token()}` };
    },
  });
}

/**
 * The API server of a kubeconfig's current context, with whatever that says of its user. Connections
 * are kept for the next requests: a forwarder renews its Lease 43,000 times a day.
 *
 * @param proxy through which the API server is reached; absent: through none, or the kubeconfig's own.
 * @throws Error at once if the kubeconfig names no cluster.
 */
export function kubeConfigTransport(config: KubeConfig, proxy: HttpsProxy = {}): ApiTransport {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('kubeconfig: its current context names no cluster');
  const agent = agentFor(cluster, proxy);
  return apiTransport({
    server: cluster.server,
    async authenticate(options) {
      await config.applyToHTTPSOptions(options);
      if (agent !== undefined) options.agent = agent;
    },
  });
}

/** @returns nothing if the Kubernetes client's own agent is needed. Certificates are in each request's options. */
function agentFor(
  { server, proxyUrl }: Pick<Cluster, 'server' | 'proxyUrl'>,
  proxy: HttpsProxy,
): Agent | undefined {
  if (!server.startsWith('https:')) return undefined;
  if (proxy.HTTPS_PROXY !== undefined) return new Agent({ ...KEEPING, proxyEnv: { ...proxy } });
  return proxyUrl === undefined ? new Agent(KEEPING) : undefined;
}

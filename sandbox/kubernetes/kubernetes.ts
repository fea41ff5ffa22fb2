import { type Clock, type Random, systemClock } from '../../shared/time/clock.ts';
import { type Authenticate, type Authorize, acceptAdminToken } from './authentication.ts';
import { type Call, createFaults, type KubernetesFaults } from './faults.ts';
import { handle } from './handler.ts';
import { type FetchHandler, listen } from './http-server.ts';
import { createKinds, type Kinds } from './kinds.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { emptyNamespaces } from './namespaces.ts';
import { createObjects, type Objects } from './objects.ts';
import { createPodLogs, type PodLogs } from './pod-logs.ts';
import { createStore, type Store } from './store.ts';
import { returnCertificate, takeCertificate } from './tls.ts';
import { createWatches, type Watches } from './watch.ts';

export interface KubernetesOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: one fixed token, ADMIN_TOKEN. May be asynchronous. */
  readonly authenticate?: Authenticate;
  /** Default: everybody may do everything. */
  readonly authorize?: Authorize;
  /** Milliseconds between two bookmarks on a watch; default one minute. */
  readonly bookmarkIntervalMs?: number;
  /** The number of changes that can be watched from; default 10,000. */
  readonly historyLimit?: number;
  /** The cluster has the CRDs of Multus and whereabouts; default true. */
  readonly multus?: boolean;
}

/** An API server without a socket. */
export interface KubernetesApi {
  readonly store: Store;
  /** The objects, for tests and for what stands in for kubelets. */
  readonly objects: Objects;
  readonly watches: Watches;
  readonly faults: KubernetesFaults;
  readonly kinds: Kinds;
  readonly logs: PodLogs;
  /** Every authenticated request about objects, oldest first. */
  readonly calls: readonly Call[];
  forgetCalls(): void;
  /** Answers a request as the server does. */
  readonly fetch: FetchHandler;
}

/** An API server that listens. */
export interface RunningKubernetes extends KubernetesApi {
  readonly url: string;
  /** The authority's certificate, PEM in base64, as DescribeCluster gives it. */
  readonly caData: string;
  /** A kubeconfig (JSON, which is YAML) that authenticates with `token`. */
  kubeconfig(token?: string): string;
  /** How many bytes of answers it has sent, without headers. */
  sentBytes(): number;
  /** How many TLS connections were opened to it. */
  connections(): number;
  /** Ends the watches and cuts the connections. */
  stop(): Promise<void>;
}

/** An API server to be called in-process through `fetch`; it has the usual namespaces. */
export function createKubernetesApi(options: KubernetesOptions = {}): KubernetesApi {
  const { clock = systemClock, random = Math.random, multus = true } = options;
  const store = createStore(options.historyLimit);
  const kinds = createKinds(store, multus);
  const objects = createObjects({ store, clock, random });
  emptyNamespaces({ store, objects, clock });
  const faults = createFaults(clock, () => watches.breakAll('reset'));
  const watches = createWatches({
    store,
    clock,
    bookmarkIntervalMs: options.bookmarkIntervalMs ?? 60_000,
    staleness: faults.staleness,
  });
  const logs = createPodLogs(objects, (told) => store.onChange(told));
  const calls: Call[] = [];
  const parts = {
    store,
    objects,
    watches,
    faults,
    logs,
    clock,
    kinds,
    authenticate: options.authenticate ?? acceptAdminToken,
    authorize: options.authorize ?? (() => true),
    log: (call: Call) => void calls.push(call),
  };
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    objects.create('namespaces', { metadata: { name } });
  }
  return {
    store,
    objects,
    watches,
    faults,
    kinds,
    logs,
    calls,
    forgetCalls: () => void calls.splice(0),
    fetch: (request) => handle(parts, request),
  };
}

/** Starts an API server over HTTPS on a port of 127.0.0.1 that the system chooses. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<RunningKubernetes> {
  const api = createKubernetesApi(options);
  const certificate = await takeCertificate();
  const { url, sentBytes, connections, stop } = await listen(certificate, api.fetch);
  const caData = Buffer.from(certificate.ca).toString('base64');
  return {
    ...api,
    url,
    caData,
    sentBytes,
    connections,
    kubeconfig: (token) => kubeconfigText({ url, caData, token }),
    async stop() {
      api.watches.breakAll();
      await stop();
      returnCertificate(certificate);
    },
  };
}

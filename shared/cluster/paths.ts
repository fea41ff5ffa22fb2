import { LEDGERS } from './ledgers.ts';
import { NETWORK_DEFINITIONS } from './networks.ts';
import { RESERVATION_PATHS } from './reservations.ts';

const NETWORKS_GROUP = `/apis/${NETWORK_DEFINITIONS.group}/${NETWORK_DEFINITIONS.version}`;

/** The objects of the API server that this project asks for or writes. */
export const PATHS = {
  pods: '/api/v1/pods',
  pod: (namespace: string, name: string) => `${PATHS.podsOf(namespace)}/${part(name)}`,
  podsOf: (namespace: string) => `${inNamespace(namespace)}/pods`,
  podLog: (namespace: string, name: string) => `${PATHS.pod(namespace, name)}/log`,
  podStatus: (namespace: string, name: string) => `${PATHS.pod(namespace, name)}/status`,
  nodes: '/api/v1/nodes',
  node: (name: string) => `/api/v1/nodes/${part(name)}`,
  ipPools: RESERVATION_PATHS.pools,
  nodeStatus: (name: string) => `${PATHS.node(name)}/status`,
  networks: `${NETWORKS_GROUP}/${NETWORK_DEFINITIONS.plural}`,
  networksOf: (namespace: string) =>
    `${NETWORKS_GROUP}/namespaces/${part(namespace)}/${NETWORK_DEFINITIONS.plural}`,
  ledgers: `/apis/${LEDGERS.group}/${LEDGERS.version}/${LEDGERS.plural}`,
  ledger: (eniId: string) => `${PATHS.ledgers}/${part(eniId)}`,
  events: (namespace: string) => `${inNamespace(namespace)}/events`,
  leases: (namespace: string) =>
    `/apis/coordination.k8s.io/v1/namespaces/${part(namespace)}/leases`,
  accessReviews: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
  lease: (namespace: string, name: string) => `${PATHS.leases(namespace)}/${part(name)}`,
} as const;

/** A path with a query; what is `undefined` is left out. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.set(name, String(value));
  }
  return given.size === 0 ? path : `${path}?${given}`;
}

function inNamespace(namespace: string): string {
  return `/api/v1/namespaces/${part(namespace)}`;
}

function part(name: string): string {
  return encodeURIComponent(name);
}

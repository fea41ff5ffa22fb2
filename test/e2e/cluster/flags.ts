/*
 * How the programs of the control plane are started. If that departs from Kubernetes' defaults, a
 * comment says why.
 */

/** How soon a node that says nothing more is taken for unreachable, s; Kubernetes: 50. */
const GRACE_SECONDS = 12;
/** What nobody needs here, or nobody could do without a cloud. */
const WITHOUT = [
  'bootstrap-signer-controller',
  'cloud-node-lifecycle-controller',
  'node-ipam-controller',
  'node-route-controller',
  'service-lb-controller',
  'token-cleaner-controller',
];
const CONTROLLERS = ['*', ...WITHOUT.map((name) => `-${name}`)].join(',');

/** Where an API server listens, on its machine. */
export interface ApiServerAddress {
  readonly bind: string;
  /** What it tells the cluster of itself. */
  readonly advertised: string;
  readonly port: number;
}

export function flagsOf(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

export function etcdFlags(directory: string, client: number, peer: number) {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return {
    name: 'etcd',
    'data-dir': directory,
    // It outlives a crash of etcd, not of the machine; nobody asks for more.
    'unsafe-no-fsync': 'true',
    'listen-client-urls': clientUrl,
    'advertise-client-urls': clientUrl,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `etcd=${peerUrl}`,
    'log-level': 'warn',
  };
}

export function apiServerFlags(address: ApiServerAddress, etcdUrl: string) {
  return {
    'etcd-servers': etcdUrl,
    'bind-address': address.bind,
    'secure-port': String(address.port),
    'advertise-address': address.advertised,
    // It may not name a loopback address as the endpoint of the Service `kubernetes`.
    ...(address.advertised.startsWith('127.') && { 'endpoint-reconciler-type': 'none' }),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-cluster-ip-range': '10.96.0.0/16',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': 'true',
    // v1 is what the token review speaks; its answers are not kept for long.
    'authentication-token-webhook-version': 'v1',
    'authentication-token-webhook-cache-ttl': '2s',
    'kubelet-preferred-address-types': 'InternalIP',
    // Webhooks that pods serve are reached without kube-proxy.
    'enable-aggregator-routing': 'true',
  };
}

export function managerFlags(config: string) {
  return {
    kubeconfig: config,
    'leader-elect': 'false',
    'secure-port': '0',
    'use-service-account-credentials': 'true',
    // Its controllers start seconds later otherwise.
    'kube-api-qps': '500',
    'kube-api-burst': '1000',
    'node-monitor-period': '1s',
    'node-monitor-grace-period': `${GRACE_SECONDS}s`,
    controllers: CONTROLLERS,
  };
}

export function schedulerFlags(config: string) {
  return {
    kubeconfig: config,
    'authentication-kubeconfig': config,
    'authorization-kubeconfig': config,
    'leader-elect': 'false',
    'secure-port': '0',
    'kube-api-qps': '500',
    'kube-api-burst': '1000',
  };
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { program } from '../parts/programs.ts';
import { createAuthority, serviceAccountKey } from './certificates.ts';
import { kubeconfig } from './kubeconfig.ts';
import type { Daemon, Machine } from './machine.ts';
import { type Part, partOf } from './part.ts';
import { freePorts } from './ports.ts';
import { until } from './processes.ts';
import type { Run } from './run.ts';

const ADMIN_TOKEN = 'admin';
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

export interface ControlPlaneOptions {
  readonly run: Run;
  readonly machine: Machine;
  /** The URL of the token review that knows this cluster's EKS tokens. */
  readonly webhookUrl: string;
  /** Where the API server listens, on its machine. */
  readonly address: { readonly bind: string; readonly advertised: string; readonly port: number };
  /** The URL of the API server for this program. */
  readonly server: string;
}

export interface ControlPlane {
  /** PEM */
  readonly ca: string;
  /** The text of a kubeconfig; `user` in the group `system:masters` unless another is given. */
  kubeconfigFor(user?: {
    readonly name: string;
    readonly groups?: readonly string[];
    readonly server?: string;
  }): Promise<string>;
  readonly etcd: Part;
  readonly apiServer: Part;
  readonly controllerManager: Part;
  readonly scheduler: Part;
}

/** etcd, API server, controller-manager and scheduler, started; the API server is ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { run, machine, address, server } = options;
  const authority = await createAuthority(run.name);
  const directory = join(run.directory, 'control-plane');
  mkdirSync(directory);
  const save = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const [client = 0, peer = 0] = await freePorts(2);
  const etcdUrl = `http://127.0.0.1:${client}`;
  const serving = await authority.server(['127.0.0.1', '10.96.0.1', address.advertised]);
  const flags = {
    ...apiServerFlags(options, etcdUrl),
    'tls-cert-file': save('api-server.crt', serving.cert),
    'tls-private-key-file': save('api-server.key', serving.key),
    'client-ca-file': save('ca.crt', authority.cert),
    'token-auth-file': save('tokens.csv', `${ADMIN_TOKEN},admin,admin,system:masters\n`),
    'service-account-key-file': save('service-accounts.key', serviceAccountKey()),
    'service-account-signing-key-file': join(directory, 'service-accounts.key'),
    'authentication-token-webhook-config-file': save(
      'token-review.json',
      kubeconfig({ server: options.webhookUrl }),
    ),
  };
  const kubeconfigFor: ControlPlane['kubeconfigFor'] = async (user) =>
    kubeconfig({
      server: user?.server ?? server,
      ca: authority.cert,
      user: user ? await authority.client(user.name, user.groups) : { token: ADMIN_TOKEN },
    });
  const local = `https://127.0.0.1:${address.port}`;
  const own = async (name: string) =>
    save(`${name}.json`, await kubeconfigFor({ name: `system:${name}`, server: local }));
  const managerConfig = await own('kube-controller-manager');
  const schedulerConfig = await own('kube-scheduler');

  const start = (name: string, all: Readonly<Record<string, string>>) =>
    machine.start(name, [program(name), ...flagsOf(all)]);
  const etcd = partOf(() => start('etcd', etcdFlags(directory, client, peer)));
  const apiServer = partOf(
    () => start('kube-apiserver', flags),
    (daemon) => ready(daemon, server, authority.cert),
  );
  const controllerManager = partOf(() =>
    start('kube-controller-manager', {
      ...managerFlags(managerConfig),
      'service-account-private-key-file': flags['service-account-key-file'],
      'root-ca-file': flags['client-ca-file'],
    }),
  );
  const scheduler = partOf(() => start('kube-scheduler', schedulerFlags(schedulerConfig)));
  await etcd.start();
  await apiServer.start();
  await Promise.all([controllerManager.start(), scheduler.start()]);
  return { ca: authority.cert, kubeconfigFor, etcd, apiServer, controllerManager, scheduler };
}

function flagsOf(flags: Readonly<Record<string, string>>): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

function etcdFlags(directory: string, client: number, peer: number) {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return {
    name: 'etcd',
    'data-dir': join(directory, 'etcd'),
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

function apiServerFlags({ address }: ControlPlaneOptions, etcdUrl: string) {
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

function managerFlags(config: string) {
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

function schedulerFlags(config: string) {
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

async function ready(daemon: Daemon, server: string, ca: string): Promise<void> {
  await until(
    async () => {
      if (!daemon.running) throw new Error(`kube-apiserver ended: ${daemon.log().slice(-2000)}`);
      return (await statusOf(`${server}/readyz`, ca)) === 200;
    },
    'kube-apiserver to be ready',
    60_000,
  );
}

/** The status of an answer; `undefined` where nobody answers. */
function statusOf(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { ca, agent: false, timeout: 2000 }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
  });
}

import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { program } from '../parts/programs.ts';
import { createAuthority, serviceAccountKey } from './certificates.ts';
import {
  type ApiServerAddress,
  apiServerFlags,
  etcdFlags,
  flagsOf,
  managerFlags,
  schedulerFlags,
} from './flags.ts';
import { kubeconfig } from './kubeconfig.ts';
import type { Daemon, Machine } from './machine.ts';
import { SERVICE_ADDRESS } from './network.ts';
import { type Part, partOf } from './part.ts';
import { freePorts } from './ports.ts';
import { until } from './processes.ts';
import type { Run } from './run.ts';

export interface ControlPlaneOptions {
  readonly run: Run;
  readonly machine: Machine;
  /** The URL of the token review that knows this cluster's EKS tokens. */
  readonly webhookUrl: string;
  readonly address: ApiServerAddress;
  /** The URL of the API server for this program. */
  readonly server: string;
}

export interface ControlPlane {
  /** PEM */
  readonly ca: string;
  /** Of the group `system:masters`. */
  readonly adminToken: string;
  /** The text of a kubeconfig; `user` in the group `system:masters` unless another is given. */
  kubeconfigFor(user?: {
    readonly name: string;
    readonly groups?: readonly string[];
    readonly server?: string;
  }): Promise<string>;
  readonly etcd: Part;
  /** Where etcd serves clients, `http://127.0.0.1:<port>`, on the control plane's machine. */
  readonly etcdUrl: string;
  readonly apiServer: Part;
  readonly controllerManager: Part;
  readonly scheduler: Part;
}

/** etcd, API server, controller-manager and scheduler, started; the API server is ready. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { machine, address, server } = options;
  const files = await writeFiles(options);
  const [client = 0, peer = 0] = await freePorts(2);
  const start = (name: string, flags: Readonly<Record<string, string>>) =>
    machine.start(name, [program(name), ...flagsOf(flags)]);

  const etcdUrl = `http://127.0.0.1:${client}`;
  const etcd = partOf(() => start('etcd', etcdFlags(files.etcd, client, peer)));
  const apiServer = partOf(
    () =>
      start('kube-apiserver', {
        ...apiServerFlags(address, etcdUrl),
        ...files.apiServer,
      }),
    (daemon) => ready(daemon, server, files.ca),
  );
  const controllerManager = partOf(() =>
    start('kube-controller-manager', {
      ...managerFlags(files.managerKubeconfig),
      'service-account-private-key-file': files.apiServer['service-account-signing-key-file'],
      'root-ca-file': files.apiServer['client-ca-file'],
    }),
  );
  const scheduler = partOf(() =>
    start('kube-scheduler', schedulerFlags(files.schedulerKubeconfig)),
  );
  await etcd.start();
  await apiServer.start();
  await Promise.all([controllerManager.start(), scheduler.start()]);
  const { ca, adminToken, kubeconfigFor } = files;
  return { ca, adminToken, kubeconfigFor, etcd, etcdUrl, apiServer, controllerManager, scheduler };
}

/** Makes the authority, keys and kubeconfigs, in files of the run. */
async function writeFiles({ run, address, server, webhookUrl }: ControlPlaneOptions) {
  const directory = join(run.directory, 'control-plane');
  mkdirSync(directory);
  const save = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const authority = await createAuthority(run.name);
  const serving = await authority.server(['127.0.0.1', SERVICE_ADDRESS, address.advertised]);
  const accounts = save('service-accounts.key', serviceAccountKey());
  const adminToken = randomUUID();
  const kubeconfigFor: ControlPlane['kubeconfigFor'] = async (user) =>
    kubeconfig({
      server: user?.server ?? server,
      ca: authority.cert,
      user: user ? await authority.client(user.name, user.groups) : { token: adminToken },
    });
  const local = `https://127.0.0.1:${address.port}`;
  const kubeconfigOf = async (name: string) =>
    save(`${name}.json`, await kubeconfigFor({ name: `system:${name}`, server: local }));
  return {
    ca: authority.cert,
    adminToken,
    kubeconfigFor,
    etcd: join(directory, 'etcd'),
    managerKubeconfig: await kubeconfigOf('kube-controller-manager'),
    schedulerKubeconfig: await kubeconfigOf('kube-scheduler'),
    apiServer: {
      'tls-cert-file': save('api-server.crt', serving.cert),
      'tls-private-key-file': save('api-server.key', serving.key),
      'client-ca-file': save('ca.crt', authority.cert),
      'token-auth-file': save('tokens.csv', `${adminToken},admin,admin,system:masters\n`),
      'service-account-key-file': accounts,
      'service-account-signing-key-file': accounts,
      'authentication-token-webhook-config-file': save(
        'token-review.json',
        kubeconfig({ server: webhookUrl }),
      ),
    },
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

/** The status of an answer; `undefined` if nobody answers. */
function statusOf(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const request = get(url, { ca, agent: false, timeout: 2000 }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(undefined));
  });
}

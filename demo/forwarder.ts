import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ApiException, CoordinationV1Api, KubeConfig } from '@kubernetes/client-node';
import type { World } from '../sandbox/world.ts';
import type { DemoCluster } from './cluster.ts';
import { until } from './expect.ts';
import { isolated } from './isolated.ts';

const MAIN = new URL('../forwarder/main.ts', import.meta.url).pathname;
const ENDS_WITH_PARENT = new URL('./ends-with-parent.ts', import.meta.url).href;
const LEASE = 'multus-eni-forwarder';
const STOP_MS = 5_000;

/** The forwarder as a process of its own. */
export interface Forwarder {
  /** Waits until it is the one that sends. @throws an Error if it ended instead. */
  leading(): Promise<void>;
  /** Asks it to end with SIGTERM; kills it after five seconds. */
  stop(): Promise<void>;
}

interface ForwarderOptions {
  readonly world: World;
  /** A folder of its own. */
  readonly folder: string;
  readonly cluster: Pick<DemoCluster, 'name' | 'forwarder'>;
}

/**
 * Starts `forwarder/main.ts` for a cluster. It ends with this process at the latest, even if this
 * process is killed.
 */
export function spawnForwarder(
  { world, folder, cluster }: ForwarderOptions,
  onLog: (line: string) => void,
): Forwarder {
  const { environment, queue } = world;
  const { namespace } = cluster.forwarder;
  const kubeconfig = join(folder, 'forwarder.kubeconfig');
  writeFileSync(kubeconfig, cluster.forwarder.kubeconfig, { mode: 0o600 });
  const { AWS_ENDPOINT_URL_EC2: _ec2, AWS_ENDPOINT_URL_EKS: _eks, ...aws } = environment;
  const child = spawn(process.execPath, [`--import=${ENDS_WITH_PARENT}`, MAIN], {
    env: isolated({
      ...aws,
      CLUSTER_NAME: cluster.name,
      QUEUE_URL: queue.url,
      POD_NAME: 'multus-eni-forwarder-0',
      POD_NAMESPACE: namespace,
      LEASE_NAME: LEASE,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      KUBECONFIG: kubeconfig,
    }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface({ input: stream }).on('line', onLog);
  }
  const exited = once(child, 'exit');
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;

  const leaseHolder = leaseHolderOf(cluster.forwarder);
  const holdsLease = async (): Promise<boolean> => {
    if (ended()) throw new Error(`the forwarder ended with exit code ${child.exitCode}`);
    return (await leaseHolder()) !== '';
  };
  return {
    leading: () => until('the forwarder holds its Lease', true, holdsLease),
    async stop() {
      if (ended()) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      await exited;
      clearTimeout(late);
    },
  };
}

/** Asks, as the forwarder may, who holds the Lease; empty if there is none yet. */
function leaseHolderOf({ kubeconfig, namespace }: DemoCluster['forwarder']) {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const api = config.makeApiClient(CoordinationV1Api);
  return async (): Promise<string> => {
    try {
      const { spec } = await api.readNamespacedLease({ namespace, name: LEASE });
      return spec?.holderIdentity ?? '';
    } catch (error) {
      if (error instanceof ApiException && error.code === 404) return '';
      throw error;
    }
  };
}

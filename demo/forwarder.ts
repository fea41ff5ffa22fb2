import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod';
import type { World } from '../sandbox/world.ts';
import { until } from './expect.ts';
import { isolated } from './isolated.ts';

const MAIN = new URL('../forwarder/main.ts', import.meta.url).pathname;
const ENDS_WITH_PARENT = new URL('./ends-with-parent.ts', import.meta.url).href;
const LEASE = { namespace: 'default', name: 'multus-eni-forwarder' };
const STOP_MS = 5_000;

const lease = z.object({ holderIdentity: z.string().default('') });

/** The forwarder as a process of its own. */
export interface Forwarder {
  /** Waits until it is the one that sends. @throws where it ended instead. */
  leading(): Promise<void>;
  /** Asks it to end with SIGTERM; kills it after five seconds. */
  stop(): Promise<void>;
}

/**
 * Starts `forwarder/main.ts` for the world's first cluster. It ends with this process at
 * the latest, also where that is killed.
 */
export function spawnForwarder(
  world: World,
  folder: string,
  onLog: (line: string) => void,
): Forwarder {
  const { cluster, environment, queue } = world;
  const kubeconfig = join(folder, 'forwarder.kubeconfig');
  writeFileSync(kubeconfig, cluster.kubernetes.kubeconfig(), { mode: 0o600 });
  const { AWS_ENDPOINT_URL_EC2: _ec2, AWS_ENDPOINT_URL_EKS: _eks, ...aws } = environment;
  const child = spawn(process.execPath, [`--import=${ENDS_WITH_PARENT}`, MAIN], {
    env: isolated({
      ...aws,
      CLUSTER_NAME: cluster.name,
      QUEUE_URL: queue.url,
      POD_NAME: 'multus-eni-forwarder-0',
      POD_NAMESPACE: LEASE.namespace,
      LEASE_NAME: LEASE.name,
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

  const holdsLease = (): boolean => {
    if (ended()) throw new Error(`the forwarder ended with exit code ${child.exitCode}`);
    const object = cluster.kubernetes.objects.find('leases', LEASE);
    return lease.parse(object?.spec ?? {}).holderIdentity !== '';
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

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMESPACE } from '../cluster/product-access.ts';
import type { PlaneBed } from './plane-bed.ts';

const MAIN = join(import.meta.dirname, '..', '..', '..', 'forwarder', 'main.ts');

/** A forwarder in a process of its own, with the environment that its pod would have. */
export interface ForwarderProgram {
  /** Its pod's name, with which its identity in the Lease begins. */
  readonly podName: string;
  /** Whether it has listed the pods. */
  isReady(): boolean;
  /** Ends it with SIGKILL. */
  kill(): Promise<void>;
}

export async function startForwarderProgram(
  { world, forwarder }: PlaneBed,
  podName: string,
): Promise<ForwarderProgram> {
  const directory = await mkdtemp(join(tmpdir(), `${podName}-`));
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, forwarder.kubeconfigFor(), { mode: 0o600 });
  const child = spawn(process.execPath, [MAIN], {
    env: {
      ...world.environment,
      PATH: process.env.PATH,
      CLUSTER_NAME: world.cluster.name,
      POD_NAME: podName,
      POD_NAMESPACE: NAMESPACE,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      KUBECONFIG: kubeconfig,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  return {
    podName,
    isReady: () => log.includes('"listed the pods"'),
    async kill() {
      child.kill('SIGKILL');
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

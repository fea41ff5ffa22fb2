import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isolated } from '../demo/isolated.ts';
import type { World } from '../sandbox/world.ts';
import { IMAGE } from '../scripts/image/description.ts';

/** Of `USER_HZ`, which is 100 on every Linux that Node runs on. */
const TICK_MS = 10;
const READY_POLL_MS = 20;
const READY_WITHIN_MS = 60_000;

/** A forwarder as a process of its own, seen from outside. */
export interface MeasuredProcess {
  /** Waits until `/readyz` says so. @returns milliseconds since the process was started. */
  ready(): Promise<number>;
  /** The most that was resident so far. */
  mostResidentMiB(): number;
  /** What it has used of processors so far, in milliseconds of one core. */
  cpuMs(): number;
  /** @throws an Error with its last words, if it is not running. */
  throwIfEnded(): void;
  stop(): Promise<void>;
}

/** Starts the bundled forwarder for the world's first cluster, on Linux. */
export function spawnMeasured(world: World, program: string, folder: string): MeasuredProcess {
  const { cluster, environment, queue } = world;
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.kubernetes.kubeconfig(), { mode: 0o600 });
  const startedAt = performance.now();
  const [, ...flags] = IMAGE.command.slice(0, -1);
  const child = spawn(process.execPath, [...flags, program], {
    env: isolated({
      ...environment,
      CLUSTER_NAME: cluster.name,
      QUEUE_URL: queue.url,
      POD_NAME: 'multus-eni-forwarder-0',
      POD_NAMESPACE: 'default',
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      KUBECONFIG: kubeconfig,
    }),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let lastLine = '';
  let port: string | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    lastLine = line;
    port ??= /"port":(\d+)/.exec(line)?.[1];
  });
  const exited = once(child, 'exit');
  const throwIfEnded = (): void => {
    if (child.exitCode === null && child.signalCode === null) return;
    throw new Error(`the forwarder ended with ${child.exitCode ?? child.signalCode}: ${lastLine}`);
  };
  const proc = (file: string): string => readFileSync(`/proc/${child.pid}/${file}`, 'utf8');

  return {
    throwIfEnded,
    async ready() {
      for (;;) {
        throwIfEnded();
        if (port !== undefined && (await isReady(port))) return performance.now() - startedAt;
        if (performance.now() - startedAt > READY_WITHIN_MS) {
          throw new Error(`the forwarder is not ready after ${READY_WITHIN_MS} ms: ${lastLine}`);
        }
        await sleep(READY_POLL_MS);
      }
    },
    mostResidentMiB: () => Number(/^VmHWM:\s+(\d+) kB/m.exec(proc('status'))?.[1]) / 1024,
    cpuMs() {
      // proc_pid_stat(5): utime and stime are fields 14 and 15; the second may have spaces in it.
      const [, rest = ''] = proc('stat').split(') ');
      const fields = rest.split(' ');
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function isReady(port: string): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
  await answer.text();
  return answer.ok;
}

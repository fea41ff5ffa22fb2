import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { patience } from '../support/machine.ts';
import { until } from './cluster/processes.ts';
import { nodeObstacles } from './parts/preconditions.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'demo', 'main.ts');
/** Half of it on a machine that does nothing else. */
const PLAYED_MS = 200_000;
const obstacles = await nodeObstacles();

const kept = z.object({
  ok: z.literal(true),
  steps: z.array(z.object({ name: z.string(), ok: z.literal(true) })),
  latencyMs: z.object({ p50: z.number().positive(), n: z.number().min(10) }),
  kubeconfig: z.string(),
  nodes: z.array(z.object({ name: z.string() })).length(2),
});

function startDemo(options: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...options], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // At SIGTERM it ends all that it started.
  onTestFinished(() => void child.kill('SIGTERM'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  return {
    child,
    exit: once(child, 'exit').then(([code]) => code),
    stderr: text(child.stderr),
    soFar: () => output,
  };
}

test.skipIf(obstacles.length > 0)(
  'the demo on real parts ends with the ping, and keeps them',
  async () => {
    const demo = startDemo(['--real', '--json', '--keep']);
    await until(
      () => demo.soFar().endsWith('\n') || demo.child.exitCode !== null,
      'the demo to be played',
      PLAYED_MS,
    );
    const { steps, kubeconfig, nodes } = kept.parse(JSON.parse(demo.soFar()));
    expect(steps.at(-1)?.name).toContain('pings 172.16.1.1');

    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const { items } = await config.makeApiClient(CoreV1Api).listNode();
    expect(items.map(({ metadata }) => metadata?.name).toSorted()).toEqual(
      nodes.map(({ name }) => name).toSorted(),
    );
    expect(items[0]?.status?.nodeInfo?.containerRuntimeVersion).toContain('containerd://');

    demo.child.kill('SIGTERM');
    expect(await demo.exit).toBe(0);
    // It is in the folder of the cluster, which goes last.
    expect(existsSync(dirname(kubeconfig))).toBe(false);
  },
  patience(PLAYED_MS),
);

test('without its parts, the demo on real parts says what is missing and how to get it', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'no-parts-'));
  onTestFinished(() => rmSync(empty, { recursive: true }));
  const demo = startDemo(['--real', '--json'], { XDG_CACHE_HOME: empty });
  expect(await demo.exit).toBe(1);
  expect(JSON.parse(demo.soFar())).toMatchObject({ ok: false });
  expect(await demo.stderr).toMatch(/Missing for --real: .*kubelet.*npm run e2e:parts/);
});

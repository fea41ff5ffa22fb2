import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { startWorld } from '../../sandbox/world.ts';
import { eventually } from '../support/wait.ts';
import { cleanUp } from './cluster/run.ts';
import { startRealCluster } from './cluster/start.ts';
import { cacheDirectory } from './parts/cache.ts';
import { nodeObstacles } from './parts/preconditions.ts';

const HELD_CLUSTER = join(import.meta.dirname, 'support', 'held-cluster.ts');
const obstacles = await nodeObstacles();

/** Starts a cluster in a program of its own. @returns the program, and the cluster's folder. */
async function holdCluster(nodes: number) {
  const program = spawn(process.execPath, [HELD_CLUSTER, String(nodes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void program.kill('SIGKILL'));
  const [directory] = await once(createInterface({ input: program.stdout }), 'line');
  return { program, directory: String(directory) };
}

/** The command lines of this machine's processes that name the run. */
function processesOf(run: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => commandLineOf(pid))
    .filter((line) => line.includes(run));
}

function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** The folders of the clusters that this program started and did not stop. */
function runsOfThisProgram(): string[] {
  const runs = join(cacheDirectory(), 'runs');
  return readdirSync(runs).filter((name) => ownerOf(join(runs, name)) === process.pid);
}

function ownerOf(run: string): number | undefined {
  try {
    const text = readFileSync(join(run, 'state.json'), 'utf8');
    return z.object({ owner: z.object({ pid: z.number() }) }).parse(JSON.parse(text)).owner.pid;
  } catch {
    return undefined;
  }
}

function cgroupsOf(run: string): string[] {
  return readdirSync('/sys/fs/cgroup', { recursive: false, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => [name, join(name, run)])
    .filter((path) => path.endsWith(run) && existsSync(join('/sys/fs/cgroup', path)));
}

/** Waits until nothing is left of a run whose owner is gone. */
async function expectCleanedUp(directory: string): Promise<void> {
  const run = basename(directory);
  await eventually(() => processesOf(run)).toEqual([]);
  // Another test that begins a run may have begun to clean up.
  await cleanUp();
  await eventually(() => existsSync(directory)).toBe(false);
  expect(cgroupsOf(run)).toEqual([]);
}

const nodes = obstacles.length > 0 ? 0 : 2;
test.for(['SIGKILL', 'SIGINT'] as const)(
  `a cluster of ${nodes} nodes ends with a program that %s ends, and the next run removes what is left`,
  async (signal) => {
    const { program, directory } = await holdCluster(nodes);
    expect(processesOf(basename(directory))).not.toEqual([]);

    program.kill(signal);

    await expectCleanedUp(directory);
  },
);

test('a control plane is nobody else’s to clean up while its program runs, and then it is', async () => {
  const { program, directory } = await holdCluster(0);

  expect(await cleanUp()).not.toContain(basename(directory));
  expect(processesOf(basename(directory))).not.toEqual([]);

  program.kill('SIGKILL');
  await expectCleanedUp(directory);
});

test('a cluster that is stopped leaves nothing, nor does one that can’t start', async () => {
  const world = await startWorld();
  onTestFinished(() => world.stop());
  const { ec2, eks, subnets } = world;
  const start = (more = {}) =>
    startRealCluster({ ec2, eks, subnets, clusterName: 'demo', nodes: 0, ...more });
  const cluster = await start();
  const directory = join(cluster.adminKubeconfig, '..');
  await cluster.stop();
  expect(existsSync(directory)).toBe(false);
  expect(processesOf(basename(directory))).toEqual([]);

  const noSubnets = { node: 'subnet-0', multus1: 'subnet-1', multus2: 'subnet-2' };
  await expect(start({ nodes: 1, subnets: noSubnets })).rejects.toThrow('no subnet subnet-0');
  expect(runsOfThisProgram()).toEqual([]);
});

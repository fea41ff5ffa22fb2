/**
 * `npm run bench:forwarder [-- --json]`: the forwarder, bundled as in the image and in a process of its
 * own, on the sandbox's API server with 10,000 pods on 1,000 nodes. Ends with 1 if a target is missed.
 *
 * `--json` prints `{ "pods", "nodes", "rssMiB", "startMs", "changesPerSecond", "p99Ms",
 * "idleCpuPercent" }`:
 * - `rssMiB`: the most memory that was resident.
 * - `startMs`: from the start of the process to `/readyz`.
 * - `changesPerSecond`, `p99Ms`: the rate of pod changes, and how long from a change until SQS has
 *   taken it.
 * - `idleCpuPercent`: the share of one core that the process uses while nothing changes.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stop as stopEsbuild } from 'esbuild';
import { startWorld, type World } from '../sandbox/world.ts';
import { optionsOf } from '../scripts/options.ts';
import { bundleProgram } from '../scripts/programs.ts';
import { changePods, createLoad } from './forwarder-load.ts';
import { type MeasuredProcess, spawnMeasured } from './forwarder-process.ts';

const NODES = 1_000;
const PODS_PER_NODE = 10;
const CHANGES_PER_SECOND = 500;
const CHANGING_MS = 10_000;
const IDLE_MS = 10_000;
/** For what follows from a change to be over: V8 tidies its heap up for ten seconds and more. */
const QUIET_MS = 20_000;
const MOST = { rssMiB: 150, startMs: 10_000, p99Ms: 1_000, idleCpuPercent: 2 } as const;

async function bench(resources: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-forwarder-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const program = await bundleProgram('forwarder', folder);
  await stopEsbuild();
  const world = resources.adopt(await startWorld(), (started) => started.stop());
  const pods = createLoad(world, NODES, PODS_PER_NODE);
  const forwarder = resources.adopt(spawnMeasured(world, program, folder), (each) => each.stop());
  const startMs = await forwarder.ready();
  await resynced(world, forwarder);

  const load = await changePods(world, pods, { perSecond: CHANGES_PER_SECOND, ms: CHANGING_MS });
  await sleep(QUIET_MS);
  const before = forwarder.cpuMs();
  await sleep(IDLE_MS);
  const idleCpuPercent = ((forwarder.cpuMs() - before) / IDLE_MS) * 100;
  return {
    pods: pods.length,
    nodes: NODES,
    rssMiB: Math.round(forwarder.mostResidentMiB()),
    startMs: Math.round(startMs),
    changesPerSecond: Math.round(load.perSecond),
    p99Ms: Math.round(load.p99Ms),
    idleCpuPercent: Math.round(idleCpuPercent * 100) / 100,
  };
}

/** A new leader sends a resync of every node first. */
async function resynced(world: World, forwarder: MeasuredProcess): Promise<void> {
  while (world.sqs.messages(world.queue.name).length < NODES) {
    forwarder.throwIfEnded();
    await sleep(100);
  }
  await sleep(QUIET_MS);
}

const { values } = optionsOf(import.meta.url, {
  options: { json: { type: 'boolean', default: false } },
});
const resources = new AsyncDisposableStack();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => resources.disposeAsync().then(() => process.exit(1)));
}
try {
  const result = await bench(resources);
  if (values.json) console.log(JSON.stringify(result));
  else {
    console.log(
      `${result.pods} pods on ${result.nodes} nodes: ready after ${result.startMs} ms (target under ` +
        `${MOST.startMs}), ${result.rssMiB} MiB resident at most (under ${MOST.rssMiB}), ` +
        `${result.idleCpuPercent} % of a core when idle (under ${MOST.idleCpuPercent})`,
    );
    console.log(
      `${result.changesPerSecond} pod changes a second, from the change to SQS p99 ${result.p99Ms} ms ` +
        `(target at ${CHANGES_PER_SECOND}: under ${MOST.p99Ms})`,
    );
  }
  const { rssMiB, startMs, p99Ms, idleCpuPercent } = result;
  const within =
    rssMiB < MOST.rssMiB &&
    startMs < MOST.startMs &&
    p99Ms < MOST.p99Ms &&
    idleCpuPercent < MOST.idleCpuPercent;
  if (!within || result.changesPerSecond < CHANGES_PER_SECOND * 0.98) process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await resources.disposeAsync();
}

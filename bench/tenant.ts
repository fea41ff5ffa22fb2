/**
 * `npm run bench:tenant [-- --pods 300 --definitions 400 --seconds 20 --seed 1] [--json]`: a tenant's
 * worst day. Ends with 1 if a goal is missed.
 *
 * A namespace has 300 pods with annotations of 256 KiB, the most that an API server takes. It has 400
 * NetworkAttachmentDefinitions of 1 MB. Twenty of its pods change their claim again and again.
 * Forwarder, reconcile and sweep are bundled as they are deployed, run in a process each, and serve ten
 * nodes. The bench prints the most memory of each beside its limit, and what looks take of a processor.
 *
 * It also plays how long pods of another namespace wait for their addresses, without the tenant and
 * beside it. This runs on virtual time under EC2's token buckets: what the design costs, and not what
 * this machine does.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Table from 'cli-table3';
import { stop as stopEsbuild } from 'esbuild';
import { guardrails } from '../config/guardrails.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { bundleFunction } from '../scripts/bundle.ts';
import { optionsOf } from '../scripts/options.ts';
import { bundleProgram } from '../scripts/programs.ts';
import { spawnMeasured } from './forwarder-process.ts';
import { UNBOUNDED } from './support/cpu-share.ts';
import { sweepInTurn } from './sweep/run.ts';
import { createTenantCluster } from './tenant/cluster.ts';
import { deliver } from './tenant/functions.ts';
import { waitsInThread } from './tenant/waits-in-thread.ts';

const NODES = 10;
const FLAPPING = 20;
/** How long from one change of a flapping pod's claim to the next. */
const FLAP_MS = 2_000;
/** deploy/base/forwarder.yaml */
const FORWARDER_MIB = 384;
const MOST = { lookSeconds: 1, timesAsLong: 2 } as const;

const { values } = optionsOf(import.meta.url, {
  options: {
    pods: { type: 'string', default: '300' },
    definitions: { type: 'string', default: '400' },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

async function play(resources: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-tenant-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const program = await bundleProgram('forwarder', folder);
  const [reconcile, sweep] = await Promise.all([
    bundleFunction('reconcile', folder),
    bundleFunction('sweep', folder),
  ]);
  await stopEsbuild();
  const world = resources.adopt(await startWorld(), (each) => each.stop());
  const cluster = createTenantCluster(world, {
    ...{ nodes: NODES, flapping: FLAPPING },
    ...{ pods: Number(values.pods), definitions: Number(values.definitions) },
  });

  cluster.addTenant();
  const served = await serve(world, folder, { program, file: fileOf(reconcile) }, async () => {
    const flapping = setInterval(cluster.flap, FLAP_MS / FLAPPING);
    await sleep(Number(values.seconds) * 1_000);
    clearInterval(flapping);
  });
  const sweeps = await sweepInTurn(world, fileOf(sweep), { cpu: UNBOUNDED, times: 2 });
  return { served, sweeps };
}

function fileOf({ folder }: { readonly folder: string }): string {
  return join(folder, 'index.js');
}

/** A forwarder and environments of `reconcile` to which all is new. @param then once they are done with that. */
async function serve(
  world: World,
  folder: string,
  { program, file }: { readonly program: string; readonly file: string },
  then: () => Promise<void>,
) {
  const forwarder = spawnMeasured(world, program, folder);
  const delivery = deliver(world, file, UNBOUNDED);
  try {
    await forwarder.ready();
    // Another forwarder's Lease runs out first, and a new leader has every node looked at.
    while (delivery.invocations.length === 0) await sleep(100);
    while (world.sqs.messages(world.queue.name).length > 0) await sleep(100);
    await then();
    const { invocations } = delivery;
    return {
      forwarderMiB: forwarder.mostResidentMiB(),
      reconcileMiB: Math.max(...invocations.map(({ peakMiB }) => peakMiB)),
      coldSeconds: mostSecondsOfLook(invocations.filter(({ cold }) => cold)),
      warmSeconds: mostSecondsOfLook(invocations.filter(({ cold }) => !cold)),
      looks: invocations.reduce((sum, { looks }) => sum + looks, 0),
    };
  } finally {
    await delivery.stop();
    await forwarder.stop();
  }
}

/** The looks of a batch share the lists of the cluster, and so what these take. */
function mostSecondsOfLook(
  invocations: readonly { readonly cpuSeconds: number; readonly looks: number }[],
): number {
  return Math.max(0, ...invocations.map(({ cpuSeconds, looks }) => cpuSeconds / looks));
}

async function playWaits() {
  const order = { seed: Number(values.seed), nodes: NODES, flapMs: FLAP_MS };
  const alone = await waitsInThread({ ...order, flapping: 0 });
  return { alone, beside: await waitsInThread({ ...order, flapping: FLAPPING }) };
}

type Played = Awaited<ReturnType<typeof play>>;
type PlayedWaits = Awaited<ReturnType<typeof playWaits>>;

/** Each figure beside its goal. */
function rowsOf({ served, sweeps }: Played, { alone, beside }: PlayedWaits) {
  const { reconcile, sweep } = guardrails.memoryMiB.parse({});
  const sweepMiB = Math.max(...sweeps.map(({ peakMiB }) => peakMiB));
  const row = (what: string, unit: string, measured: number, goal: number) => ({
    ...{ what, unit, measured: Math.round(measured * 100) / 100, goal },
    isMet: measured <= goal,
  });
  const twice = (ms: number): number => Math.round(ms * MOST.timesAsLong);
  return [
    row('forwarder, memory', 'MiB', served.forwarderMiB, FORWARDER_MIB),
    row('reconcile, memory', 'MiB', served.reconcileMiB, reconcile),
    row('sweep, memory', 'MiB', sweepMiB, sweep),
    row(
      'reconcile, a look of an environment’s first batch',
      's',
      served.coldSeconds,
      MOST.lookSeconds,
    ),
    row('reconcile, a further look', 's', served.warmSeconds, MOST.lookSeconds),
    row('sweep, first', 's', sweeps[0]?.cpuSeconds ?? Number.NaN, MOST.lookSeconds),
    row('sweep, second', 's', sweeps[1]?.cpuSeconds ?? Number.NaN, MOST.lookSeconds),
    row('a pod of others waits, median', 'ms', beside.p50, twice(alone.p50)),
    row('a pod of others waits, p99', 'ms', beside.p99, twice(alone.p99)),
  ];
}

const resources = new AsyncDisposableStack();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => resources.disposeAsync().then(() => process.exit(1)));
}
try {
  const played = await play(resources);
  const waits = await playWaits();
  const rows = rowsOf(played, waits);
  if (values.json) console.log(JSON.stringify({ rows, waits, ...played }));
  else {
    const table = new Table({
      head: ['', 'measured', 'goal', ''],
      style: { head: [], border: [] },
    });
    for (const { what, unit, measured, goal, isMet } of rows) {
      table.push([what, `${measured} ${unit}`, `${goal} ${unit}`, isMet ? '' : 'MISSES THE GOAL']);
    }
    console.log(table.toString());
  }
  if (rows.some(({ isMet }) => !isMet)) process.exitCode = 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await resources.disposeAsync();
}

/**
 * `npm run bench:sweep [-- --nodes 1000 --pods 10000 --share 0.29 --latency 100] [--json]`
 *
 * Sweeps of a large cluster by the bundle that is deployed, under AWS's token buckets. The bundle runs
 * in a process of its own, with the heap and the share of a core that a function of 512 MiB has. Prints
 * calls, time and peak memory of a process's first sweep and of its second, for kinds and parts of
 * drift.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld } from '../sandbox/world.ts';
import { bundleFunction } from '../scripts/bundle.ts';
import { optionsOf } from '../scripts/options.ts';
import { MEMORY_MIB } from './support/bundle-process.ts';
import { cpuShare, FUNCTION_SHARE } from './support/cpu-share.ts';
import { type DriftKind, fill } from './sweep/cluster.ts';
import { type SweepFigures, sweepInTurn } from './sweep/run.ts';

/** What a sweep of 1,000 nodes, 10,000 pods and 2,000 managed ENIs may take. */
const GOAL = { nodes: 1_000, ec2Calls: 20, kubernetesCalls: 25, seconds: 10, peakMiB: 300 };

const SCENARIOS: readonly { name: string; drift: DriftKind; part: number }[] = [
  { name: 'nothing drifts', drift: 'missing', part: 0 },
  { name: '10 % of the nodes miss all', drift: 'missing', part: 0.1 },
  { name: '30 % of the nodes miss all', drift: 'missing', part: 0.3 },
  { name: 'all is missing', drift: 'missing', part: 1 },
  { name: 'all nodes leak', drift: 'leaked', part: 1 },
  { name: 'all is held by others', drift: 'elsewhere', part: 1 },
];

const { values } = optionsOf(import.meta.url, {
  options: {
    nodes: { type: 'string', default: '1000' },
    pods: { type: 'string', default: '10000' },
    share: { type: 'string', default: String(FUNCTION_SHARE) },
    latency: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const nodes = Number(values.nodes);
const podsPerNode = Math.ceil(Number(values.pods) / nodes);
const folder = await mkdtemp(join(tmpdir(), 'bench-sweep-'));
const cpu = cpuShare(`bench-sweep-${process.pid}`, Number(values.share));

async function play(file: string, { drift, part }: { drift: DriftKind; part: number }) {
  const world = await startWorld();
  try {
    fill(world, { nodes, podsPerNode, drift, part });
    const ms = Number(values.latency);
    world.ec2.faults.add({ times: Number.POSITIVE_INFINITY, effect: { kind: 'delay', ms } });
    world.ec2.throttle.enable();
    const [cold, warm] = await sweepInTurn(world, file, { cpu, times: 2 });
    return { cold, warm, messages: world.sqs.messages(world.queue.name).length };
  } finally {
    await world.stop();
  }
}

function isWithinGoal({ ec2Calls, kubernetesCalls, seconds, peakMiB }: SweepFigures): boolean {
  // Calls grow with the cluster; who asks for another size wants to see how far.
  if (nodes !== GOAL.nodes) return peakMiB <= MEMORY_MIB;
  return (
    ec2Calls <= GOAL.ec2Calls &&
    kubernetesCalls <= GOAL.kubernetesCalls &&
    seconds < GOAL.seconds &&
    peakMiB <= GOAL.peakMiB
  );
}

function row(when: string, figures: SweepFigures): string {
  const { ec2Calls, throttled, kubernetesCalls, kubernetesBytes, seconds, cpuSeconds, peakMiB } =
    figures;
  const calls = `${ec2Calls} calls of EC2 (${throttled} throttled), ${kubernetesCalls} of Kubernetes (${(kubernetesBytes / 1e6).toFixed(1)} MB)`;
  const time = `${seconds.toFixed(1)} s (${cpuSeconds.toFixed(1)} s of a processor), ${peakMiB.toFixed(0)} MiB`;
  return `  ${when}: ${calls}, ${time}${isWithinGoal(figures) ? '' : '  MISSES THE GOAL'}`;
}

try {
  const { folder: built } = await bundleFunction('sweep', folder);
  const results: Record<string, unknown> = {};
  if (!values.json) {
    const share = cpu.share === undefined ? 'whatever there is' : String(cpu.share);
    console.log(
      `${nodes} nodes, ${podsPerNode * nodes} pods, ${2 * nodes} ENIs, ${share} of a core`,
    );
  }
  for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only))) {
    const { cold, warm, messages } = await play(join(built, 'index.js'), scenario);
    if (cold === undefined || warm === undefined) throw new Error('a sweep has no figures');
    results[scenario.name] = { cold, warm, messages };
    if (![cold, warm].every(isWithinGoal)) process.exitCode = 1;
    if (values.json) continue;
    console.log(
      `${scenario.name}: ${messages} messages\n${row('cold', cold)}\n${row('warm', warm)}`,
    );
  }
  if (values.json) {
    const share = cpu.share ?? null;
    console.log(JSON.stringify({ nodes, pods: podsPerNode * nodes, share, sweeps: results }));
  }
} finally {
  cpu.end();
  await rm(folder, { recursive: true, force: true });
}

/**
 * `npm run bench:reads [-- --nodes 100,1000,5000 --share 0.29] [--json]`
 *
 * What one reconcile asks the API server for, in calls and bytes, and how long it takes, by the
 * deployed bundle with a function's share of a core.
 * - A node with 10 pods, 2 Multus ENIs and 2 definitions, in clusters of several sizes: one assign, and
 *   releases.
 * - The same on a node with 250 pods, 14 Multus ENIs and 100 definitions.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startWorld, type World } from '../sandbox/world.ts';
import { bundleFunction } from '../scripts/bundle.ts';
import { optionsOf } from '../scripts/options.ts';
import type { NodeMessage } from '../shared/messages/schema.ts';
import { eventOf } from './cold-account.ts';
import { fillCluster, type ReadsSize } from './reads/cluster.ts';
import { type BundleProcess, startBundle } from './support/bundle-process.ts';
import { type CpuShare, cpuShare, FUNCTION_SHARE } from './support/cpu-share.ts';

const LARGE_NODE: ReadsSize = { nodes: 100, pods: 250, enis: 14, definitions: 100 };

const { values } = optionsOf(import.meta.url, {
  options: {
    nodes: { type: 'string', default: '100,1000,5000' },
    share: { type: 'string', default: String(FUNCTION_SHARE) },
    json: { type: 'boolean', default: false },
  },
});

/** What one reconcile took. */
interface ReconcileFigures {
  readonly kubernetesCalls: number;
  /** Of the API server's answers. */
  readonly kubernetesBytes: number;
  readonly ec2Calls: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

async function reconcile(
  world: World,
  bundle: BundleProcess,
  message: NodeMessage,
): Promise<ReconcileFigures> {
  const { kubernetes } = world.cluster;
  world.ec2.calls.clear();
  kubernetes.forgetCalls();
  const before = kubernetes.sentBytes();
  const { seconds, cpuSeconds, answer } = await bundle.invoke(eventOf(message, world));
  if (JSON.stringify(answer) !== '{"batchItemFailures":[]}') {
    throw new Error(`the message is to be retried: ${await bundle.end()}`);
  }
  return {
    kubernetesCalls: kubernetes.calls.length,
    kubernetesBytes: kubernetes.sentBytes() - before,
    ec2Calls: world.ec2.calls.all().length,
    seconds,
    cpuSeconds,
  };
}

/** A new environment's first look, and then an assign and two releases; the first lists the Nodes whole. */
async function play(file: string, size: ReadsSize, cpu: CpuShare) {
  const world = await startWorld();
  try {
    const node = fillCluster(world, size);
    const bundle = startBundle({ file, name: 'reconcile' }, world.environment, cpu);
    const first = await reconcile(world, bundle, node.look());
    const assign = await reconcile(world, bundle, node.addPod());
    const firstRelease = await reconcile(world, bundle, node.removePod());
    const release = await reconcile(world, bundle, node.removePod());
    await bundle.end();
    return { first, assign, firstRelease, release };
  } finally {
    await world.stop();
  }
}

function row(what: string, figures: ReconcileFigures): string {
  const { kubernetesCalls, kubernetesBytes, ec2Calls, seconds, cpuSeconds } = figures;
  const bytes = `${(kubernetesBytes / 1000).toFixed(0)} kB`;
  const time = `${seconds.toFixed(2)} s (${cpuSeconds.toFixed(2)} s of a processor)`;
  return `  ${what}: ${kubernetesCalls} calls of Kubernetes, ${bytes}; ${ec2Calls} of EC2; ${time}`;
}

const folder = await mkdtemp(join(tmpdir(), 'bench-reads-'));
const cpu = cpuShare(`bench-reads-${process.pid}`, Number(values.share));
try {
  const { folder: built } = await bundleFunction('reconcile', folder);
  const sizes = values.nodes
    .split(',')
    .map((nodes): ReadsSize => ({ nodes: Number(nodes), pods: 10, enis: 2, definitions: 2 }));
  const results: unknown[] = [];
  for (const size of [...sizes, LARGE_NODE]) {
    const figures = await play(join(built, 'index.js'), size, cpu);
    results.push({ ...size, ...figures });
    if (values.json) continue;
    const { nodes, pods, enis, definitions } = size;
    console.log(
      `${nodes} nodes; ${pods} pods and ${enis} Multus ENIs on the node; ${definitions} definitions`,
    );
    console.log(row('first look of an environment', figures.first));
    console.log(row('assign', figures.assign));
    console.log(row('first release of an environment', figures.firstRelease));
    console.log(row('release', figures.release));
  }
  if (values.json) console.log(JSON.stringify({ share: cpu.share ?? null, reconciles: results }));
} finally {
  cpu.end();
  await rm(folder, { recursive: true, force: true });
}

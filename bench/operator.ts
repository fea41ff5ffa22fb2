/**
 * `npm run bench:operator` prints how long these take; see docs/operator.md:
 * - `multus-eni status` and `explain` on a cluster as the demo has it.
 * - `drift` on 1,000 nodes with 10,000 pods.
 * - The frames of the map while it scrolls.
 * - `--help` of the packed file.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { startWorld, type World } from '../sandbox/world.ts';
import { bundleCli } from '../scripts/release/cli-file.ts';
import { NETWORK_STATUS } from '../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../shared/cluster/kubernetes.ts';
import { framesOf } from './frames.ts';

const NODES = 1_000;
const PODS_PER_NODE = 10;
const MAIN = new URL('../cli/main.ts', import.meta.url).pathname;
/** As package.json and the packed file start it. */
const FLAGS = ['--max-semi-space-size=2'];
const TAGS = { 'node.k8s.amazonaws.com/no_manage': 'true', 'kubernetes.io/cluster/demo': 'owned' };

/** `10.<second>.x.y`, the addresses of one subnet, behind those of its workers. */
function addressOf(second: number, index: number): string {
  return `10.${second}.${100 + Math.floor(index / 250)}.${1 + (index % 250)}`;
}

function addNode(world: World, subnets: readonly string[], node: number): void {
  const [nodeSubnet = '', first = '', second = ''] = subnets;
  const half = PODS_PER_NODE / 2;
  const on = (part: number): string[] =>
    Array.from({ length: half }, (_, index) => addressOf(part, node * half + index));
  const { instanceId, privateDnsName, enis } = world.ec2.addInstance({
    type: 'm5.large',
    enis: [
      { deviceIndex: 0, subnetId: nodeSubnet },
      // One address of the first node is missing: there is something to find.
      { deviceIndex: 1, subnetId: first, tags: TAGS, secondary: on(1).slice(node === 0 ? 1 : 0) },
      { deviceIndex: 2, subnetId: second, tags: TAGS, secondary: on(2) },
    ],
  });
  const { objects } = world.cluster.kubernetes;
  objects.create('nodes', {
    metadata: { name: privateDnsName, labels: { 'node.kubernetes.io/instance-type': 'm5.large' } },
    spec: { providerID: `aws:///us-east-1a/${instanceId}` },
  });
  for (let pod = 0; pod < PODS_PER_NODE; pod += 1) {
    const part = pod < half ? 1 : 2;
    const address = on(part)[pod % half] ?? '';
    const eni = enis[part];
    const attachment = { name: 'default/net', interface: 'net1', ips: [address], mac: eni?.mac };
    objects.create('pods', {
      metadata: {
        name: `pod-${node}-${pod}`,
        namespace: 'default',
        annotations: { [NETWORK_STATUS]: JSON.stringify([attachment]) },
      },
      spec: { nodeName: privateDnsName, containers: [{ name: 'app', image: 'app' }] },
      status: {
        phase: 'Running',
        conditions: [
          {
            type: CONDITION_TYPE,
            status: 'True',
            reason: 'Assigned',
            message: `assigned: ${address} on ${eni?.id}`,
          },
        ],
      },
    });
  }
}

/** Runs the program, and looks at its memory as long as it runs. */
async function timed(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  program = MAIN,
) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...FLAGS, program, ...args], {
    env: { ...process.env, ...env },
  });
  let peakKb = 0;
  const look = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    const [, kb = '0'] = /VmHWM:\s+(\d+)/.exec(status) ?? [];
    peakKb = Math.max(peakKb, Number(kb));
  }, 20);
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  clearInterval(look);
  const seconds = (performance.now() - startedAt) / 1000;
  return { stdout, stderr, seconds, peakMb: Math.round(peakKb / 1024) };
}

const told = z.object({ calls: z.number() });

/** A world of `nodes` nodes, and what the program needs to see it. */
async function worldOf(nodes: number, folder: string) {
  const world = await startWorld();
  const subnets = ['10.0.0.0/16', '10.1.0.0/16', '10.2.0.0/16'].map((cidr) =>
    world.ec2.addSubnet({ cidr }),
  );
  for (let node = 0; node < nodes; node += 1) addNode(world, subnets, node);
  const kubeconfig = join(folder, `kubeconfig-${nodes}`);
  await writeFile(kubeconfig, world.cluster.kubernetes.kubeconfig());
  return { world, env: { ...world.environment, KUBECONFIG: kubeconfig } };
}

/** As many nodes as the demo has, through its stage: what somebody waits for who has a minute. */
async function small(folder: string, packed: string): Promise<void> {
  const { world, env } = await worldOf(2, folder);
  for (const line of ['status', 'explain pod pod-0-0']) {
    const args = [...line.split(' '), '--stage', 'demo', '--json'];
    const { seconds, stdout } = await timed(args, env, packed);
    const { calls } = told.parse(JSON.parse(stdout));
    console.log(`${line}, 2 nodes, packed: ${seconds.toFixed(2)} s, ${calls} calls`);
  }
  await world.stop();
}

const folder = await mkdtemp(join(tmpdir(), 'bench-operator-'));
const packed = join(folder, 'multus-eni.js');
await bundleCli(resolve(import.meta.dirname, '..'), packed);
await small(folder, packed);
const { world, env } = await worldOf(NODES, folder);
try {
  const drift = await timed(['drift', '--cluster', 'demo'], env);
  console.log(drift.stdout.split('\n').slice(0, 8).join('\n'));
  console.log(drift.stderr);
  console.log(`drift: ${drift.seconds.toFixed(1)} s, ${drift.peakMb} MB at its peak`);
  const pod = await timed(['explain', 'pod', 'pod-7-3', '--cluster', 'demo'], env);
  console.log(`explain pod: ${pod.seconds.toFixed(1)} s, ${pod.peakMb} MB at its peak`);
  const file = join(folder, 'map.html');
  const map = await timed(['map', '--cluster', 'demo', '--output', file], env);
  console.log(`map as a file: ${map.seconds.toFixed(1)} s, ${map.peakMb} MB at its peak`);
  for (const line of await framesOf(pathToFileURL(file).href)) console.log(line);
  const helps: number[] = [];
  for (let run = 0; run < 11; run += 1) helps.push((await timed(['--help'], env, packed)).seconds);
  const median = helps.toSorted((a, b) => a - b)[5] ?? 0;
  console.log(`--help, packed: ${(median * 1000).toFixed(0)} ms, the median of 11`);
} finally {
  await rm(folder, { recursive: true, force: true });
  await world.stop();
}

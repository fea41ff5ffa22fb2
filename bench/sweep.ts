/**
 * `npm run bench:sweep [-- --nodes 5000 --pods 50000 --missing] [--json]`: one sweep of a large
 * cluster by the bundle that is deployed, in a process of its own with the heap that a function of
 * 512 MiB has: its peak memory, its calls and its time. With `--missing`, what the pods claim is on no
 * ENI.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { MANAGED_TAG } from '../sandbox/worker.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { bundleFunction } from '../scripts/bundle.ts';
import { fromInteger } from '../shared/address.ts';
import { NETWORK_STATUS } from '../shared/cluster/annotations.ts';

const MEMORY_MIB = 512;
/** What Lambda leaves to the heap: the rest is Node's own, and buffers. */
const HEAP_MIB = 460;
/** 10.0.0.0, 10.64.0.0 and 10.128.0.0: nodes, first and second Multus ENIs. */
const FIRST = [0x0a_00_00_00n, 0x0a_40_00_00n, 0x0a_80_00_00n] as const;
const PER_ENI = 16n;

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '50000' },
    missing: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const nodes = Number(values.nodes);
const perNode = Math.ceil(Number(values.pods) / nodes);

/** Each node has two managed ENIs; its pods have an address on the one or on the other. */
function fill(world: World): number {
  const { objects } = world.cluster.kubernetes;
  const subnets = FIRST.map((first) =>
    world.ec2.addSubnet({ cidr: `${fromInteger(first, 4)}/10` }),
  );
  const ipam = { type: 'static' };
  for (const index of [1, 2]) {
    objects.create('network-attachment-definitions', {
      metadata: { namespace: 'default', name: `net-${index}` },
      spec: { config: JSON.stringify({ type: 'ipvlan', master: `eth${index}`, ipam }) },
    });
  }
  const addressOf = (eni: number, node: number, nth: number): string =>
    fromInteger((FIRST[eni] ?? 0n) + 16n + BigInt(node) * PER_ENI + BigInt(nth), 4);
  let pods = 0;
  for (let node = 0; node < nodes; node += 1) {
    const claimed = [0, 1, 2].map((eni) =>
      Array.from({ length: perNode }, (_, pod) => pod)
        .filter((pod) => eni === 1 + (pod % 2))
        .map((pod) => addressOf(eni, node, 1 + pod)),
    );
    const { instanceId, enis } = world.ec2.addInstance({
      type: 'm5.4xlarge',
      enis: subnets.map((subnetId, eni) => ({
        subnetId,
        deviceIndex: eni,
        primary: addressOf(eni, node, 0),
        secondary: values.missing ? [] : (claimed[eni] ?? []),
        ...(eni > 0 && { tags: MANAGED_TAG }),
      })),
    });
    const labels = { 'node.kubernetes.io/instance-type': 'm5.4xlarge' };
    const name = `node-${node}`;
    objects.create('nodes', {
      metadata: { name, labels },
      spec: { providerID: `aws:///us-east-1a/${instanceId}` },
    });
    for (let pod = 0; pod < perNode; pod += 1, pods += 1) {
      const eni = 1 + (pod % 2);
      const { mac } = enis[eni] ?? {};
      const ips = [addressOf(eni, node, 1 + pod)];
      const status = [
        { name: 'aws-cni', interface: 'eth0', ips: ['10.1.1.1'], default: true, dns: {} },
        { name: `default/net-${eni}`, interface: 'net1', ips, mac, dns: {} },
      ];
      const annotations = { [NETWORK_STATUS]: JSON.stringify(status, undefined, 4) };
      objects.create('pods', {
        metadata: { name: `pod-${pods}`, labels: { app: 'app' }, annotations },
        spec: { nodeName: name, containers: [container(pod)] },
      });
    }
  }
  return pods;
}

/** Pods are a few kilobytes each, of which a sweep needs little. */
function container(pod: number) {
  const env = Array.from({ length: 40 }, (_, index) => ({
    name: `VARIABLE_${index}`,
    value: `a value of the usual length, ${pod}`,
  }));
  return { name: 'app', image: 'registry.example.com/app:1', env };
}

const RUNTIME = `
const { writeSync } = require('node:fs');
const { file, event } = JSON.parse(process.argv[1]);
const { handler } = require(file);
const begun = performance.now();
const context = { functionName: 'sweep', awsRequestId: 'bench', memoryLimitInMB: '${MEMORY_MIB}',
  getRemainingTimeInMillis: () => 600000 };
handler(event, context).then(() => {
  const { maxRSS } = process.resourceUsage();
  writeSync(3, JSON.stringify({ seconds: (performance.now() - begun) / 1000, peakMiB: maxRSS / 1024 }));
  process.exit();
});
`;

async function sweep(world: World, file: string) {
  const event = { cluster: world.cluster.name };
  const heap = `--max-old-space-size=${HEAP_MIB}`;
  const child = spawn(process.execPath, [heap, '-e', RUNTIME, JSON.stringify({ file, event })], {
    env: { ...world.environment, POWERTOOLS_METRICS_NAMESPACE: 'bench' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [stdout, stderr, result] = [child.stdout, child.stderr, child.stdio[3]];
  if (stdout === null || stderr === null || !(result && 'read' in result))
    throw new Error('no pipes');
  const [logs, errors, measured] = await Promise.all([
    text(stdout),
    text(stderr),
    json(result).catch(() => undefined),
    once(child, 'close'),
  ]);
  const parsed = z.object({ seconds: z.number(), peakMiB: z.number() }).safeParse(measured);
  if (!parsed.success)
    throw new Error(`the sweep failed:\n${logs.slice(-2_000)}${errors.slice(-2_000)}`);
  return parsed.data;
}

const folder = await mkdtemp(join(tmpdir(), 'bench-sweep-'));
const world = await startWorld();
try {
  const pods = fill(world);
  const { folder: built } = await bundleFunction('sweep', folder);
  const before = world.ec2.calls.all().length;
  const { seconds, peakMiB } = await sweep(world, join(built, 'index.js'));
  const ec2Calls = world.ec2.calls.all().length - before;
  const messages = world.sqs.messages(world.queue.name).length;
  const figures = { nodes, pods, enis: 2 * nodes, ec2Calls, messages, seconds, peakMiB };
  if (values.json) console.log(JSON.stringify(figures));
  else {
    const rounded = `${seconds.toFixed(1)} s, at most ${peakMiB.toFixed(0)} MiB of ${MEMORY_MIB}`;
    console.log(
      `${nodes} nodes, ${pods} pods, ${2 * nodes} ENIs: ${rounded}, ${ec2Calls} calls of EC2, ${messages} messages`,
    );
  }
  if (peakMiB > MEMORY_MIB) process.exitCode = 1;
} finally {
  await world.stop();
  await rm(folder, { recursive: true, force: true });
}

/**
 * `npm run bench:latency`: how long from the `network-status` annotation until the address is on the
 * pod's ENI. The forwarder is a process of its own, the bundled functions are warm, and nothing else
 * goes on. 200 pods come one after another, two a second at most, each on a node that was quiet.
 *
 * `--json` prints `{ "p50", "p99", "n" }`, in milliseconds, alone.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { until } from '../demo/expect.ts';
import { measureLatency } from '../demo/latency.ts';
import { bundleFunctions, startProduct } from '../demo/product.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { optionsOf } from '../scripts/options.ts';

const PODS = 200;
/** Enough workers: a node's turn comes again only when the forwarder takes the node for quiet. */
const WORKERS = 24;
/** How long from pod to pod at least. Faster, even one pod after another would use up EC2's call budget. */
const PACE_MS = 500;

/** One range for all workers, as whereabouts gives out, above the ENIs' primary addresses. */
function network(index: number): object {
  const ipam = {
    type: 'whereabouts',
    range: `172.16.${index === 1 ? 1 : 3}.0/24`,
    range_start: `172.16.${index === 1 ? 1 : 3}.50`,
  };
  const config = { cniVersion: '0.3.0', type: 'ipvlan', master: `eth${index}`, mode: 'l3', ipam };
  return { metadata: { name: `network-${index}` }, spec: { config: JSON.stringify(config) } };
}

/** Starts a pod and waits until all that follows from it is done. */
async function runPod(world: World, name: string, node: string, net: string): Promise<void> {
  const { objects } = world.cluster.kubernetes;
  objects.create('pods', {
    metadata: { name, annotations: { 'k8s.v1.cni.cncf.io/networks': net } },
    spec: { nodeName: node, containers: [{ name: 'app', image: 'app' }] },
  });
  await until(`pod ${name} is told that it has its address`, true, () =>
    objects.list('events').some((event) => event.metadata.name.startsWith(`${name}.`)),
  );
  await until('messages in the queue', 0, () => world.sqs.messages(world.queue.name).length);
}

async function bench(resources: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'multus-eni-bench-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const world = resources.adopt(await startWorld(), (started) => started.stop());
  await bundleFunctions(folder);
  const product = startProduct(world, folder, resources);
  const { cluster, ec2 } = world;
  const nodes = Array.from({ length: WORKERS }, () => cluster.addWorker().name);
  for (const index of [1, 2]) {
    cluster.kubernetes.objects.create('network-attachment-definitions', network(index));
  }
  await product.startForwarder();
  product.startDelivery();
  for (const [index, node] of nodes.entries()) {
    await runPod(world, `warm-${index}`, node, 'network-2');
  }

  ec2.calls.clear();
  const latency = measureLatency(world);
  for (let index = 0; index < PODS; index += 1) {
    const node = nodes[index % WORKERS] ?? '';
    const paced = setTimeout(PACE_MS);
    await runPod(world, `pod-${index}`, node, 'network-1');
    await paced;
  }
  return { latency: latency.result(), ec2Calls: ec2.calls.counts() };
}

const { values } = optionsOf(import.meta.url, {
  options: { json: { type: 'boolean', default: false } },
});
const resources = new AsyncDisposableStack();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => resources.disposeAsync().then(() => process.exit(1)));
}
try {
  const { latency, ec2Calls } = await bench(resources);
  if (values.json) {
    console.log(JSON.stringify(latency));
  } else {
    const { p50, p99, n } = latency;
    console.log(`Annotation written to address on its ENI: p50 ${p50} ms, p99 ${p99} ms (n ${n})`);
    const calls = Object.entries(ec2Calls).map(([action, count]) => `${count} ${action}`);
    console.log(`EC2 calls: ${calls.join(', ')}`);
  }
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  await resources.disposeAsync();
}
process.exit();

import { NETWORK_STATUS } from '../../shared/cluster/annotations.ts';
import type { PodRef } from '../../shared/cluster/kubernetes.ts';
import { deduplicationId } from '../../shared/messages/group.ts';
import { deliver, messageFor } from './messages.ts';
import type { Product } from './product.ts';
import type { Cloud, Stage, StageCluster, StageFaults, StageQueue } from './stage.ts';
import type { TrackedClock } from './tracked-clock.ts';
import { eventually } from './wait.ts';

export interface StageParts {
  readonly product: Product;
  /** The product's clock, and that of what stands in for nodes. */
  readonly clock: TrackedClock;
  readonly calls: Stage['calls'];
  readonly clusters: ReadonlyMap<string, StageCluster>;
  readonly cloud: Cloud;
  readonly queue: StageQueue;
  readonly operator: Stage['operator'];
  faults(): StageFaults;
  /** Waits until the nodes have done what follows from all that was before a pod was made. */
  nodesQuiet?(cluster: StageCluster, lastPod: PodRef): Promise<void>;
  stop(): Promise<void>;
}

/** What waits at most this long (ms) is waited for by `settled`: gathering, kubelets, pauses. */
const SOON_MS = 1000;

/** A stage of parts that run. */
export function stageOf(parts: StageParts): Stage {
  const { product, clusters, queue } = parts;
  const clusterNamed = (name: string): StageCluster => {
    const cluster = clusters.get(name);
    if (cluster === undefined) throw new Error(`there is no cluster ${name}`);
    return cluster;
  };
  const [first = ''] = clusters.keys();

  return {
    cluster: clusterNamed(first),
    clusterNamed,
    cloud: parts.cloud,
    queue,
    calls: parts.calls,
    operator: parts.operator,
    telemetry: product.telemetry,
    sweep: product.sweep,
    look: (worker) => deliver(parts, worker, [messageFor(worker, { reason: 'resync' })]),
    async settled() {
      for (const cluster of clusters.values()) await heardOfEverything(parts, cluster);
      await eventually(() => isBusy(parts)).toBe(false);
    },
    faults: parts.faults,
    stop: parts.stop,
  };
}

/** What a watcher is told last comes last: once it hears of a pod made now, it has of all before. */
async function heardOfEverything(
  { product, nodesQuiet }: StageParts,
  cluster: StageCluster,
): Promise<void> {
  const made: PodRef[] = [];
  const makePod = async (): Promise<PodRef> => {
    const name = `last-${deduplicationId()}`;
    const status = [{ name: 'default/none', interface: 'net1', ips: ['192.0.2.1'] }];
    const annotations = { [NETWORK_STATUS]: JSON.stringify(status) };
    const pod = await cluster.runPod(name, { on: { name }, annotations });
    made.push(pod);
    return pod;
  };
  if (nodesQuiet !== undefined) await nodesQuiet(cluster, await makePod());
  const { name } = await makePod();
  await eventually(() =>
    product.invocations.some(({ event }) => event.Records.some(({ body }) => body.includes(name))),
  ).toBe(true);
  for (const pod of made) await cluster.deletePod(pod, { force: true });
}

async function isBusy({ product, clock, queue }: StageParts): Promise<boolean> {
  return product.underWay() > 0 || clock.pending(SOON_MS) > 0 || (await queue.size()) > 0;
}

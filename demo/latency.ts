import type { World } from '../sandbox/world.ts';
import { parseNetworkStatus } from '../shared/claims/network-status.ts';
import { NETWORK_STATUS } from '../shared/cluster/annotations.ts';
import { podFromObject } from '../shared/cluster/pods.ts';
import type { DemoCluster } from './cluster.ts';

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  /** How many addresses were measured. */
  readonly n: number;
}

export interface LatencyMeter {
  /** Milliseconds, rounded to a hundredth. */
  result(): Latency;
  /** Milliseconds of each address so far. */
  readonly samples: readonly number[];
  stop(): void;
}

/**
 * Measures from now on how long it takes from the annotation until the address is on an ENI. It
 * measures only addresses that no ENI has by then. An address that another pod holds is waited for, not
 * late.
 */
export function measureLatency(
  world: World,
  followPods: DemoCluster['followPods'] = followOwnPods(world),
): LatencyMeter {
  const { ec2 } = world;
  const since = new Map<string, number>();
  const seen = new Map<string, string | undefined>();
  const samples: number[] = [];

  const unsubscribe = [
    followPods(({ uid, namespace, annotations }) => {
      const text = annotations[NETWORK_STATUS];
      if (text === seen.get(uid)) return;
      seen.set(uid, text);
      const status = parseNetworkStatus(annotations, namespace);
      if (!status.ok) return;
      for (const address of status.attachments.flatMap(({ ips }) => ips)) {
        if (ec2.holderOf(address) === undefined) since.set(address, performance.now());
      }
    }),
    ec2.onChange(() => {
      for (const [address, start] of since) {
        if (ec2.holderOf(address) === undefined) continue;
        since.delete(address);
        samples.push(performance.now() - start);
      }
    }),
  ];
  return {
    samples,
    result: () => ({
      p50: percentile(samples, 0.5),
      p99: percentile(samples, 0.99),
      n: samples.length,
    }),
    stop: () => unsubscribe.forEach((end) => void end()),
  };
}

/** What follows the pods of the world's own cluster, each change as it is made. */
export function followOwnPods({ cluster }: World): DemoCluster['followPods'] {
  return (listener) =>
    cluster.kubernetes.store.onChange(({ resource, object }) => {
      if (resource === 'pods') listener(podFromObject(object));
    });
}

/** The nearest-rank percentile; 0 of nothing. */
function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return Math.round(value * 100) / 100;
}

import type { World } from '../sandbox/world.ts';
import { NETWORK_STATUS } from '../shared/claims/annotations.ts';
import { parseNetworkStatus } from '../shared/claims/network-status.ts';

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
 * Measures from now on how long it takes from the annotation being written to the address
 * being on an ENI, for addresses that are on none by then: one that another pod holds is
 * waited for, not late.
 */
export function measureLatency(world: World): LatencyMeter {
  const { ec2, cluster } = world;
  const since = new Map<string, number>();
  const samples: number[] = [];

  const unsubscribe = [
    cluster.kubernetes.store.onChange(({ resource, object, previous }) => {
      const { namespace = 'default', annotations = {} } = object.metadata;
      const before = previous?.metadata.annotations?.[NETWORK_STATUS];
      if (resource !== 'pods' || annotations[NETWORK_STATUS] === before) return;
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

/** The nearest-rank percentile; 0 of nothing. */
function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return Math.round(value * 100) / 100;
}

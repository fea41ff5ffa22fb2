import type { Hint } from '../../../forwarder/hints/pod-index.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import type { Pod } from '../../../shared/cluster/kubernetes.ts';
import type { PodEvent } from '../../../shared/messages/schema.ts';
import { plainPod } from '../../support/plain-pod.ts';

export const X = '172.16.1.70';
export const Y = '172.16.1.71';

/** The value of network-status for a pod with these addresses on `net1`. */
export function networkStatusText(ips: readonly string[], mac = '0a:00:00:00:00:01'): string {
  const cluster = { name: 'aws-cni', interface: 'eth0', ips: ['172.16.0.20'], default: true };
  if (ips.length === 0) return JSON.stringify([cluster]);
  return JSON.stringify([cluster, { name: 'default/net-1', interface: 'net1', ips, mac }]);
}

/** A running pod on node `a`, whose name is also its uid. */
export function claimingPod(
  ips: readonly string[],
  { floating, status, ...change }: Partial<Pod> & { floating?: unknown; status?: string } = {},
): Pod {
  const name = change.name ?? 'p1';
  const annotations = {
    [NETWORK_STATUS]: status ?? networkStatusText(ips),
    ...(floating === undefined ? {} : { [FLOATING_IPS]: JSON.stringify(floating) }),
  };
  const createdAt = Date.UTC(2026, 0, 1);
  return plainPod({ name, uid: name, node: 'a', createdAt, annotations, ...change });
}

/** That node `a` is told of its pod `p1`, unless `other` says otherwise. */
export function told(
  event: PodEvent['event'],
  ips: string[],
  other: { name?: string; uid?: string; node?: string } & Pick<Hint, 'lookFirst' | 'waitsFor'> = {},
): Hint {
  const { name = 'p1', uid = name, node = 'a', ...said } = other;
  return { node, pod: { event, namespace: 'default', name, uid, ips }, ...said };
}

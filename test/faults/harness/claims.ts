import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../../shared/claims/annotations.ts';
import { podOf } from '../world/kubernetes.ts';
import { NETWORKS, type VirtualCluster, type VirtualWorld } from '../world/world.ts';

/** One live pod's claim of one address, as the harness itself understands what it wrote. */
export interface KnownClaim {
  readonly cluster: string;
  readonly uid: string;
  readonly pod: string;
  readonly namespace: string;
  readonly node: string;
  readonly address: string;
  readonly deviceIndex: number;
  readonly floating: boolean;
  /** ms since the epoch. */
  readonly since: number;
  readonly createdAt: number;
  readonly terminating: boolean;
  /** The step since which the pod has claimed it without a break. */
  readonly from: number;
  /** The step at which it claimed it no longer, or in another way. */
  readonly to?: number;
}

/** Who claims what, now and of late. */
export interface Claims {
  /** Takes a pod as it is by now, and as it was before. */
  put(cluster: string, object: KubeObject, previous?: KubeObject): void;
  remove(uid: string): void;
  /** Those of live pods; with an address, the claims of that one. */
  live(address?: string): readonly KnownClaim[];
  /** Claims as they were until they ended or changed, at `step` or later. */
  endedSince(step: number, address: string): readonly KnownClaim[];
}

/** How many claims that have ended are remembered. */
const REMEMBERED = 2_000;

export function trackClaims(step: () => number): Claims {
  const byUid = new Map<string, readonly KnownClaim[]>();
  const ended: KnownClaim[] = [];

  const set = (uid: string, next: readonly KnownClaim[]): void => {
    for (const claim of byUid.get(uid) ?? []) {
      if (!next.some((other) => isSame(claim, other))) ended.push({ ...claim, to: step() });
    }
    if (ended.length > REMEMBERED) ended.splice(0, ended.length - REMEMBERED);
    if (next.length > 0) byUid.set(uid, next);
    else byUid.delete(uid);
  };

  return {
    put(cluster, object, previous) {
      if (previous !== undefined && saysTheSame(object, previous)) return;
      const { uid } = object.metadata;
      const before = byUid.get(uid) ?? [];
      const now = claimsOf(cluster, object).map((claim) => {
        const known = before.find(({ address }) => address === claim.address);
        return { ...claim, from: known?.from ?? step() };
      });
      set(uid, now);
    },
    remove: (uid) => set(uid, []),
    live(address) {
      const all = [...byUid.values()].flat();
      return address === undefined ? all : all.filter((claim) => claim.address === address);
    },
    endedSince: (from, address) =>
      ended.filter((claim) => claim.address === address && (claim.to ?? 0) >= from),
  };
}

/** Nothing has changed that claims depend on: a condition was written. */
function saysTheSame(now: KubeObject, before: KubeObject): boolean {
  return (
    now.metadata.uid === before.metadata.uid &&
    now.metadata.annotations === before.metadata.annotations &&
    now.metadata.deletionTimestamp === before.metadata.deletionTimestamp &&
    now.status?.phase === before.status?.phase &&
    now.spec === before.spec
  );
}

function isSame(a: KnownClaim, b: KnownClaim): boolean {
  return (
    a.address === b.address &&
    a.terminating === b.terminating &&
    a.floating === b.floating &&
    a.since === b.since
  );
}

interface StatusEntry {
  readonly name: string;
  readonly ips?: readonly string[];
}

function claimsOf(cluster: string, object: KubeObject): Omit<KnownClaim, 'from'>[] {
  const pod = podOf(object);
  if (pod.finished || pod.node === undefined) return [];
  const base = {
    cluster,
    uid: pod.uid,
    pod: `${pod.namespace}/${pod.name}`,
    namespace: pod.namespace,
    node: pod.node,
    createdAt: pod.createdAt,
    terminating: pod.terminating,
  };
  const claims = new Map<string, Omit<KnownClaim, 'from'>>();
  const entries: StatusEntry[] = JSON.parse(pod.annotations[NETWORK_STATUS] ?? '[]');
  for (const { name, ips = [] } of entries) {
    const network = NETWORKS.find((known) => `default/${known.name}` === name);
    const deviceIndex = network?.deviceIndex ?? 0;
    for (const address of ips) {
      const since = pod.createdAt;
      claims.set(address, { ...base, address, deviceIndex, floating: false, since });
    }
  }
  const floating: { ip: string; since?: string }[] = JSON.parse(
    pod.annotations[FLOATING_IPS] ?? '[]',
  );
  for (const { ip, since } of floating) {
    const deviceIndex = ip.startsWith('172.16.3.') ? 2 : 1;
    const from = since === undefined ? pod.createdAt : Date.parse(since);
    claims.set(ip, { ...base, address: ip, deviceIndex, floating: true, since: from });
  }
  return [...claims.values()];
}

/** The ENI that a claim belongs on; `undefined` while its node names no instance. */
export function eniOf(world: VirtualWorld, claim: KnownClaim): string | undefined {
  const cluster = world.clusters.get(claim.cluster);
  const instanceId = cluster && instanceOf(cluster, claim.node);
  if (instanceId === undefined) return undefined;
  for (const eni of world.ec2.snapshot().enis.values()) {
    const { attachment } = eni;
    if (attachment?.instanceId === instanceId && attachment.deviceIndex === claim.deviceIndex) {
      return eni.id;
    }
  }
  return undefined;
}

/** The instance that a Node names. */
export function instanceOf(cluster: VirtualCluster, node: string): string | undefined {
  const object = cluster.api.objects.find('nodes', { name: node });
  const providerId = object?.spec?.providerID;
  return typeof providerId === 'string' ? providerId.split('/').at(-1) : undefined;
}

/** The rule between two claims of different pods (DESIGN.md, "When two claim one address"). */
export function passesOn(holder: KnownClaim, claimant: KnownClaim): boolean {
  if (claimant.terminating || claimant.namespace !== holder.namespace) return false;
  if (claimant.cluster !== holder.cluster) return false;
  return holder.terminating || (claimant.floating && claimant.since > holder.since);
}

import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import { type Address, parseAddress } from '../../../shared/address.ts';
import type { Claim, PodClaims } from '../../../shared/claims/claim.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { type Belonging, belonging } from '../../support/oracle/belonging.ts';
import { type Claimed, holderOf } from '../../support/oracle/rightful.ts';
import { podOf } from '../world/kubernetes.ts';
import type { VirtualWorld } from '../world/world.ts';
import { entriesOf, isTombstone, recordedOn } from './ledgers.ts';
import {
  definitionsOf,
  isStranded,
  isTaggedFor,
  type NodeName,
  nodeOf,
  placeOf,
} from './places.ts';

/** One live pod's claim of one address, as the harness itself understands what it wrote. */
export interface KnownClaim extends NodeName {
  readonly pod: PodClaims;
  readonly claim: Claim;
  /** The step since which the pod has claimed it without a break. */
  readonly from: number;
  /** The step at which it claimed it no longer, or in another way. */
  readonly to?: number;
}

/** A claim of a pod whose object vanished at a time, ms. */
export interface Vanished {
  readonly known: KnownClaim;
  readonly at: number;
}

/** Who claims what, now and of late. */
export interface Claims {
  /** Takes a pod as it is by now, and as it was before. */
  put(cluster: string, object: KubeObject, previous?: KubeObject): void;
  remove(uid: string): void;
  /** A pod's object is gone, at this time in ms, and the pod runs on. */
  vanish(uid: string, at: number): void;
  /** The claims of that address by pods that run on without an object, until these are there again. */
  vanished(address: string): readonly Vanished[];
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
  const vanished = new Map<string, readonly Vanished[]>();

  const set = (uid: string, next: readonly KnownClaim[]): void => {
    for (const known of byUid.get(uid) ?? []) {
      if (!next.some((other) => isSame(known, other))) ended.push({ ...known, to: step() });
    }
    if (ended.length > REMEMBERED) ended.splice(0, ended.length - REMEMBERED);
    if (next.length > 0) byUid.set(uid, next);
    else byUid.delete(uid);
  };

  const live: Claims['live'] = (address) => {
    const all = [...byUid.values()].flat();
    return address === undefined ? all : all.filter(({ claim }) => claim.address === address);
  };

  return {
    put(cluster, object, previous) {
      const { uid } = object.metadata;
      vanished.delete(uid);
      const before = byUid.get(uid) ?? [];
      // Most changes of a pod are those of its condition.
      const same = previous !== undefined && saysTheSame(object, previous);
      const known = same ? before[0]?.pod : readPod(object);
      const now = known?.claims.map((claim): KnownClaim => {
        const was = before.find((each) => each.claim.address === claim.address);
        const { node } = known;
        return { cluster, node, pod: known, claim, from: was?.from ?? step() };
      });
      set(uid, now ?? []);
    },
    remove: (uid) => set(uid, []),
    vanish(uid, at) {
      vanished.set(
        uid,
        (byUid.get(uid) ?? []).map((known) => ({ known, at })),
      );
      set(uid, []);
    },
    vanished: (address) =>
      [...vanished.values()].flat().filter(({ known }) => known.claim.address === address),
    live,
    endedSince: (from, address) =>
      ended.filter(({ claim, to = 0 }) => claim.address === address && to >= from),
  };
}

/** Nothing has changed that is claimed. */
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
    a.pod.terminating === b.pod.terminating &&
    a.claim.address === b.claim.address &&
    a.claim.floating === b.claim.floating &&
    a.claim.since === b.claim.since &&
    a.claim.network === b.claim.network &&
    a.claim.mac === b.claim.mac
  );
}

interface StatusEntry {
  readonly name: string;
  readonly interface: string;
  readonly ips?: readonly string[];
  readonly mac?: string;
}

/** What a live pod claims; without what NetworkAttachmentDefinitions say, which change. */
function readPod(object: KubeObject): PodClaims | undefined {
  const { finished, node, namespace, name, uid, createdAt, terminating, annotations } =
    podOf(object);
  if (finished || node === undefined) return undefined;
  const claims = new Map<string, Claim>();
  const entries: StatusEntry[] = JSON.parse(annotations[NETWORK_STATUS] ?? '[]');
  for (const { name: network, interface: net, ips = [], mac } of entries) {
    for (const address of ips.map(read)) {
      const of = { network, interface: net, ...(mac === undefined ? {} : { mac }) };
      claims.set(address, { address, ...of, floating: false, since: createdAt });
    }
  }
  const floating: { ip: string; since?: string }[] = JSON.parse(annotations[FLOATING_IPS] ?? '[]');
  for (const { ip, since } of floating) {
    const address = read(ip);
    const from = since === undefined ? createdAt : Date.parse(since);
    claims.set(address, { ...claims.get(address), address, floating: true, since: from });
  }
  const pod = { namespace, name, uid };
  return { pod, node, createdAt, terminating, claims: [...claims.values()], unreadable: [] };
}

function read(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`a workload claims ${text}, which is no address`);
  return address;
}

/** A claim as it is placed right now. */
export interface Placed extends Claimed {
  readonly known: KnownClaim;
  /** Absent while its node names no instance of its own. */
  readonly where?: Belonging;
}

export function placed(world: VirtualWorld, known: KnownClaim): Placed {
  const cluster = world.clusters.get(known.cluster);
  const definitions = cluster && definitionsOf(cluster);
  const withMaster = (claim: Claim): Claim => {
    const master = definitions?.get(claim.network ?? '')?.master;
    const on = cluster ? recordedOn(cluster, known.pod.pod.uid, claim.address) : [];
    const recorded = on.length === 0 ? claim : { ...claim, recordedOn: on };
    return master === undefined ? recorded : { ...recorded, master };
  };
  const claim = withMaster(known.claim);
  const pod = { ...known.pod, claims: known.pod.claims.map(withMaster) };
  const place = placeOf(world, known);
  if (place === undefined) return { pod, claim, known };
  const where = belonging(place, pod, claim);
  return { pod, claim, known, where, ...(typeof where === 'string' ? {} : { eni: where }) };
}

/** The claims of an address whose pods may have it on an ENI: those of its node, or of missing nodes. */
export function claimsAt(
  world: VirtualWorld,
  eni: NetworkInterface,
  claims: readonly Placed[],
): { readonly node: NodeName | undefined; readonly local: readonly Placed[] } {
  const node = nodeOf(world, eni.attachment?.instanceId);
  const local = claims.filter(({ known }) =>
    node === undefined
      ? isTaggedFor(eni, known.cluster) && isStranded(world, known)
      : known.cluster === node.cluster && known.node === node.node,
  );
  return { node, local };
}

/** Who has the address on that ENI: one pod of its node, or whoever of a missing node claims it. */
export function holdersAt(
  world: VirtualWorld,
  eni: NetworkInterface,
  claims: readonly Placed[],
): readonly Placed[] {
  const { node, local } = claimsAt(world, eni, claims);
  if (node === undefined) return local;
  const [first] = local;
  const entry = first && entriesOf(world, eni.id).get(first.claim.address);
  // No ledger says who has it: as many may as claim it there (docs/design.md, rule L11).
  if (entry === undefined && new Set(local.map(({ pod }) => pod.pod.namespace)).size > 1) {
    return local;
  }
  const elsewhere = entry && isTombstone(entry) ? heldByAnother(world, local) : undefined;
  const holder = elsewhere ?? holderOf(local, eni.id);
  return local.filter((each) => each === holder);
}

/** If the ledger has a tombstone, another one may name who has the address: rule L12. */
function heldByAnother(world: VirtualWorld, local: readonly Placed[]): Placed | undefined {
  return local.find(({ claim, eni, pod }) =>
    claim.recordedOn?.some((id) => {
      const entry = entriesOf(world, id).get(claim.address);
      const counts =
        entry?.state === 'Assigned' || (entry?.state === 'Assigning' && !pod.terminating);
      return counts && eni !== undefined;
    }),
  );
}

export function textOf(claims: readonly Placed[]): string {
  return claims
    .map(({ pod: { pod, node } }) => `${pod.namespace}/${pod.name} on ${node}`)
    .join(', ');
}

import { createHash } from 'node:crypto';
import type { Address } from '../../shared/address.ts';
import type { Claim } from '../../shared/claims/claim.ts';
import { parseProblems } from '../../shared/claims/condition-message.ts';
import { claimsOf } from '../../shared/claims/pod-claims.ts';
import { MAX_ADDRESSES } from '../../shared/cluster/annotations.ts';
import type { Pod, PodRef } from '../../shared/cluster/kubernetes.ts';
import type { PodEvent } from '../../shared/messages/schema.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { createBounds } from './bounds.ts';
import { createClaimants } from './claimants.ts';
import { createLetGo, type LetGo } from './let-go.ts';
import { createNodeCounts } from './node-counts.ts';

/** A reason to look at a node: a pod of its own changed, or a pod of another node let go of an address. */
export interface Hint {
  readonly node: string;
  readonly pod?: PodEvent;
  /** Another node may have what its pods claim. */
  readonly lookFirst?: true;
  /** It may be told a while later, with others: what is let go of and nobody waits for; the pods that start. */
  readonly waitsFor?: 'releases' | 'starting';
  /** The uid of the pod of another node whose change is the reason. */
  readonly cause?: string;
  /** The pod terminates or has finished. */
  readonly ends?: true;
}

export interface PodIndex {
  /** Takes a pod as it is now. Returns what its change means for nodes; nothing for most pods. */
  put(pod: Pod): Hint[];
  /** The pod object is gone. A pod of the same name and another uid stays. */
  remove(pod: PodRef): Hint[];
  /** Forgets every pod whose uid a complete list does not have. */
  retain(uids: ReadonlySet<string>): Hint[];
  /** Whether a pod of the node that is kept terminates. */
  terminates(node: string): boolean;
  /** The nodes of the pods that are kept; first those with pods that were not told that they have all. */
  nodes(): Set<string>;
  /** The nodes whose pods let go of something lately. */
  lettingGo(): Set<string>;
  /** How many pods are kept. */
  size(): number;
}

/** Addresses that are not kept or not named, as one namespace has too many of them. */
export interface Beyond {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  readonly addresses: number;
}

/** What is kept of a pod that claims something, or whose owner waits for our condition. */
interface Kept extends PodRef {
  readonly node: string;
  readonly terminating: boolean;
  readonly unreadable: string;
  /** The networks that it runs without, since Multus did not attach them. */
  readonly missed: string;
  /** It was told that its ENI is full. */
  readonly lacksRoom: boolean;
  /** It has not been told that all is well. */
  readonly waits: boolean;
  /** Each claimed address, and a text that differs when anything about its claim does. */
  readonly claims: ReadonlyMap<Address, string>;
  /** How many claims more it has than its namespace may have here. */
  readonly beyond: number;
  /** A text that differs when anything about these does. */
  readonly rest: string;
}

/** The pods that are kept, and what is counted of them. */
function createKeptPods(onBeyond: (beyond: Beyond) => void) {
  const pods = new Map<string, Kept>();
  const claimants = createClaimants();
  const bounds = createBounds();
  const terminating = createNodeCounts();
  const lackingRoom = createNodeCounts();

  const count = (pod: Kept, by: 1 | -1): void => {
    bounds.add(pod, by * pod.claims.size);
    if (pod.terminating) terminating.add(pod.node, by);
    if (pod.lacksRoom) lackingRoom.add(pod.node, by);
  };
  return {
    ...{ pods, claimants, terminating, lackingRoom },
    replace(old: Kept | undefined, now: Kept | undefined): void {
      if (old !== undefined) {
        pods.delete(nameOf(old));
        claimants.remove(old);
        count(old, -1);
      }
      if (now !== undefined) {
        pods.set(nameOf(now), now);
        claimants.add(now);
        count(now, 1);
      }
    },
    /** The pod with as many of its claims as its namespace may have, in the place of `old`. */
    bounded(pod: Kept | undefined, old: Kept | undefined): Kept | undefined {
      const room = pod === undefined ? 0 : bounds.roomFor(pod, old?.claims.size ?? 0);
      return pod === undefined || pod.claims.size <= room ? pod : cut(pod, old, room, onBeyond);
    },
  };
}

/** What the change of a pod means for nodes. */
function createHints({
  claimants,
  lackingRoom,
  letGo,
}: Pick<ReturnType<typeof createKeptPods>, 'claimants' | 'lackingRoom'> & {
  readonly letGo: LetGo;
}) {
  /**
   * Whether a pod that ends lets go of addresses for which no pod of its node waits. Pods of other
   * nodes take them over, and need not wait for the release.
   */
  const mayWait = (node: string, ended: readonly Address[]): boolean =>
    !lackingRoom.any(node) && !ended.some((address) => claimants.countOn(address, node) > 0);

  /** What a pod's change means for its own node. */
  const ownHint = (event: PodEvent['event'], subject: Kept, old?: Kept, now?: Kept): Hint => {
    const { namespace, name, uid, node } = subject;
    const ips = addressesOf(old).filter((address) => now?.claims.has(address) !== true);
    const begun = addressesOf(now).filter((address) => old?.claims.has(address) !== true);
    letGo.note(node, ips);
    const hint = { node, pod: { event, namespace, name, uid, ips } };
    const onlyReleases = ips.length > 0 && begun.length === 0 && now?.terminating !== false;
    if (onlyReleases && mayWait(node, ips)) return { ...hint, waitsFor: 'releases' };
    if (begun.some((address) => claimants.isClaimedBeside(address, node)))
      return { ...hint, lookFirst: true, waitsFor: 'starting' };
    return begun.some((address) => letGo.byAnother(address, node))
      ? { ...hint, lookFirst: true }
      : hint;
  };
  /** The nodes of other claimants look again, so that one that waits is served without a sweep. */
  const othersHints = ({ uid: cause, node }: Kept, loosened: readonly Address[]): Hint[] =>
    [...claimants.nodesBeside(node, loosened)].map(([other, isShared]) => ({
      ...{ node: other, cause, lookFirst: true },
      ...(isShared && { waitsFor: 'starting' }),
    }));
  return { ownHint, othersHints };
}

/**
 * Knows which pod claims which address, and nothing about pods that claim none.
 *
 * @param onBeyond is told of what is left out. The node is looked at all the same.
 */
export function createPodIndex(
  clock: Clock,
  onBeyond: (beyond: Beyond) => void = () => {},
): PodIndex {
  const { pods, claimants, terminating, ...kept } = createKeptPods(onBeyond);
  const letGo = createLetGo(clock);
  const { ownHint, othersHints } = createHints({ claimants, letGo, ...kept });

  const change = (event: PodEvent['event'], old?: Kept, now?: Kept): Hint[] => {
    const subject = now ?? old;
    if (subject === undefined) return [];
    kept.replace(old, now);
    const unchanged = old !== undefined && now !== undefined && same(old, now);
    if (unchanged || (event === 'delete' && claimsNothing(subject))) return [];
    const loosened = addressesOf(old).filter((address) => loosens(address, old, now));
    const others = othersHints(subject, loosened);
    // A pod keeps what it has while it ends: that concerns only others who claim the same.
    const isShared = loosened.some(
      (address) =>
        claimants.countOn(address, subject.node) > (now?.claims.has(address) === true ? 1 : 0),
    );
    if (onlyTerminates(old, now) && !isShared) return others;
    return [ownHint(event, subject, old, now), ...others];
  };

  return {
    put(pod) {
      const known = pods.get(nameOf(pod));
      const another = known !== undefined && (known.uid !== pod.uid || known.node !== pod.node);
      const gone = another ? change('delete', known) : [];
      const old = another ? undefined : known;
      const ends = pod.terminating || pod.finished;
      const event = old === undefined ? 'add' : 'update';
      const hints = change(event, old, kept.bounded(keep(pod, old), old));
      return [...gone, ...hints.map((hint): Hint => (hint.pod && ends ? { ...hint, ends } : hint))];
    },
    remove(pod) {
      const known = pods.get(nameOf(pod));
      return known?.uid === pod.uid ? change('delete', known) : [];
    },
    retain(uids) {
      const gone = [...pods.values()].filter((pod) => !uids.has(pod.uid));
      return gone.flatMap((pod) => change('delete', pod));
    },
    terminates: terminating.any,
    nodes: () => nodesOf([...pods.values()]),
    lettingGo: letGo.nodes,
    size: () => pods.size,
  };
}

function nodesOf(pods: readonly Kept[]): Set<string> {
  const first = pods.filter(({ waits }) => waits);
  return new Set([...first, ...pods].map(({ node }) => node));
}

function addressesOf(pod: Kept | undefined): Address[] {
  return [...(pod?.claims.keys() ?? [])];
}

/** A pod with `room` of its claims: first what it had, so that this is named when it ends. */
function cut(
  pod: Kept,
  old: Kept | undefined,
  room: number,
  onBeyond: (beyond: Beyond) => void,
): Kept {
  const { namespace, name, node, claims } = pod;
  const had = (address: Address): boolean => old?.claims.has(address) === true;
  const inTurn = [...claims].sort(([a], [b]) => Number(had(b)) - Number(had(a)));
  const beyond = claims.size - room;
  if (beyond !== old?.beyond) onBeyond({ namespace, name, node, addresses: beyond });
  const rest = createHash('sha256')
    .update(JSON.stringify(inTurn.slice(room)))
    .digest('hex');
  return { ...pod, claims: new Map(inTurn.slice(0, room)), beyond, rest };
}

function claimsNothing({ claims, beyond }: Kept): boolean {
  return claims.size + beyond === 0;
}

function nameOf(pod: { readonly namespace: string; readonly name: string }): string {
  return `${pod.namespace}/${pod.name}`;
}

const WHOLE = { beyond: 0, rest: '' };

/** What to keep of a pod; `undefined` where it neither claims nor waits for anything. */
function keep(pod: Pod, old: Kept | undefined): Kept | undefined {
  // Networks are not watched here: a claim too many costs a look at a node.
  const wanted = claimsOf(pod, { networks: new Map() });
  if (wanted === undefined) return undefined;
  const unreadable = wanted.unreadable.map((u) => `${u.annotation}: ${u.detail}`).join('\n');
  const claims = new Map(wanted.claims.map((claim) => [claim.address, textOf(claim)]));
  // To name an address says that its claim was seen to end. An annotation that can't be read does not
  // say so, and nothing is named until it can be.
  if (unreadable !== '' && old !== undefined && old.claims.size <= MAX_ADDRESSES) {
    for (const [address, text] of old.claims) if (!claims.has(address)) claims.set(address, text);
  }
  const { networks = [], unreadable: request = '' } = wanted.notAttached ?? {};
  const missed = [...networks, request].join(' ').trim();
  if (claims.size === 0 && `${unreadable}${missed}` === '' && !pod.gated) return undefined;
  const { namespace, name, uid } = pod;
  const { node, terminating } = wanted;
  const problems = parseProblems(pod.condition?.message ?? '');
  const lacksRoom = problems.some(({ kind }) => kind === 'eni-full');
  const waits = !terminating && pod.condition?.status !== 'True';
  const told = { lacksRoom, waits };
  return { namespace, name, uid, node, terminating, unreadable, missed, ...told, claims, ...WHOLE };
}

/** What our own condition recorded is left out: writing it must not look like a change. */
function textOf({ network, interface: name, mac, floating, since }: Claim): string {
  return JSON.stringify([network, name, mac, floating, since]);
}

/** `lacksRoom` and `waits` are ours: writing them must not look like a change. */
function same(a: Kept, b: Kept): boolean {
  if (a.terminating !== b.terminating || a.unreadable !== b.unreadable) return false;
  if (a.missed !== b.missed || a.rest !== b.rest) return false;
  if (a.claims.size !== b.claims.size) return false;
  for (const [address, text] of a.claims) if (b.claims.get(address) !== text) return false;
  return true;
}

/** Whether nothing else changed than that the pod is to end. */
function onlyTerminates(old: Kept | undefined, now: Kept | undefined): boolean {
  return (
    old?.terminating === false &&
    now?.terminating === true &&
    same({ ...old, terminating: true }, now)
  );
}

/** Whether a change of its claimant can give `address` to another one. */
function loosens(address: Address, old: Kept | undefined, now: Kept | undefined): boolean {
  if (now === undefined || now.terminating !== old?.terminating) return true;
  return now.claims.get(address) !== old.claims.get(address);
}

import type { Address } from '../address.ts';
import {
  FLOATING_IPS,
  MAX_ADDRESSES,
  NETWORK_STATUS,
  NETWORKS_STATUS,
} from '../cluster/annotations.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import {
  type Claim,
  type NotAttached,
  type PodClaims,
  tooManyAddresses,
  type UnreadableAnnotation,
} from './claim.ts';
import { type AssignedAddress, parseAssigned } from './condition-message.ts';
import { type FloatingIp, parseFloatingIps } from './floating-ips.ts';
import { isLeftOut } from './left-out.ts';
import { missedNetworks } from './missed-networks.ts';
import type { ParsedNetwork } from './net-attach-def.ts';
import { type Attachment, parseNetworkStatus } from './network-status.ts';

/**
 * What a pod claims: the addresses of its attachments and its floating addresses,
 * each once. Where an annotation cannot be read, the addresses that the pod's
 * condition last recorded stand in for it; where all annotations together name more than
 * MAX_ADDRESSES, they stand in for all of them. That a floating address lies in a range is
 * not checked here.
 *
 * @param networks by `namespace/name`. An ignored one's attachments claim nothing; one
 *   that is not in it claims, its `master` unknown.
 * @param now ms since the epoch: a `since` that lies after it does not count. Without it each counts,
 *   for whom the age of a claim decides nothing.
 * @returns `undefined` where the pod claims nothing whatever its annotations say: it is
 *   not bound to a node, finished, on the host's network, to be ignored, or a static pod.
 */
export function claimsOf(
  pod: Pod,
  networks: ReadonlyMap<string, ParsedNetwork>,
  now = Number.POSITIVE_INFINITY,
): PodClaims | undefined {
  if (pod.node === undefined || pod.finished || pod.hostNetwork) return undefined;
  if (isLeftOut(pod)) return undefined;

  const status = parseNetworkStatus(pod.annotations, pod.namespace);
  const floating = parseFloatingIps(pod.annotations);
  const recorded = parseAssigned(pod.condition?.message ?? '');
  const unreadable: UnreadableAnnotation[] = [];

  const claims = new Map<Address, Claim>();
  if (status.ok) {
    claimAttachments(claims, pod, status.attachments, networks);
  } else {
    unreadable.push(status.unreadable);
    claimRecorded(claims, pod, recorded, false);
  }
  if (floating.ok) {
    claimFloating(claims, pod, floating.floating, now);
  } else {
    unreadable.push(floating.unreadable);
    const attached = new Set(status.ok ? status.attachments.flatMap(({ ips }) => ips) : []);
    const others = recorded.filter(({ address }) => !attached.has(address));
    claimRecorded(claims, pod, others, true);
  }
  if (claims.size > MAX_ADDRESSES) {
    unreadable.push(tooManyAddresses(FLOATING_IPS));
    claims.clear();
    claimRecorded(claims, pod, recorded, false);
  }
  const assignedTo = new Map(recorded.map(({ address, eniId }) => [address, eniId]));
  const notAttached = missedBy(pod, status, networks);
  return {
    pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
    node: pod.node,
    createdAt: pod.createdAt,
    terminating: pod.terminating,
    claims: [...claims.values()].map((claim) => withAssigned(claim, assignedTo)),
    unreadable,
    ...(notAttached === undefined ? {} : { notAttached }),
  };
}

/** Clocks differ: by more than this (ms) a time is not after now by chance. */
const CLOCKS_DIFFER_MS = 60_000;

/** Even a pod without networks has the cluster's own in it. */
function isEmptied(networkStatus: string): boolean {
  const text = networkStatus.trim();
  if (text === '' || text === 'null') return true;
  return text.startsWith('[') && text.endsWith(']') && text.slice(1, -1).trim() === '';
}

/** The plugins whose interfaces have a worker's device below them. */
const ON_DEVICES: ReadonlySet<string | undefined> = new Set(['ipvlan', 'macvlan', 'host-device']);

/** Also where no such network exists, or what it is lies in a file on the workers. */
function mayBeOnEni(definition: ParsedNetwork | undefined): boolean {
  if (definition === undefined) return true;
  return !definition.ignored && (definition.type === undefined || ON_DEVICES.has(definition.type));
}

/**
 * What the pod misses, apart from networks that are none of our business. Where Multus has emptied its
 * annotation, as version 3 does when a sandbox goes, the next one is not made yet.
 */
function missedBy(
  pod: Pod,
  status: ReturnType<typeof parseNetworkStatus>,
  networks: ReadonlyMap<string, ParsedNetwork>,
): NotAttached | undefined {
  const written = pod.annotations[NETWORK_STATUS] ?? pod.annotations[NETWORKS_STATUS];
  if (!status.ok || (written !== undefined && isEmptied(written))) return undefined;
  const missed = missedNetworks(pod, status.attachments);
  if (missed === undefined || missed.unreadable !== undefined) return missed;
  const ours = missed.networks.filter((network) => mayBeOnEni(networks.get(network)));
  return ours.length === 0 ? undefined : { ...missed, networks: ours };
}

function withAssigned(claim: Claim, assignedTo: ReadonlyMap<Address, string | undefined>): Claim {
  const eniId = assignedTo.get(claim.address);
  return eniId === undefined ? claim : { ...claim, assignedTo: eniId };
}

function claimAttachments(
  claims: Map<Address, Claim>,
  pod: Pod,
  attachments: readonly Attachment[],
  networks: ReadonlyMap<string, ParsedNetwork>,
): void {
  for (const { ips, ...attachment } of attachments) {
    const definition = networks.get(attachment.network);
    if (definition?.ignored) continue;
    const master = definition?.master === undefined ? {} : { master: definition.master };
    for (const address of ips) {
      const claimed = claims.get(address);
      if (claimed !== undefined) {
        // Which of its networks it was is not asked: nothing is released where any of them may be.
        if (claimed.interface !== attachment.interface) {
          claims.set(address, { ...claimed, several: true });
        }
        continue;
      }
      const since = pod.createdAt;
      claims.set(address, { address, ...attachment, ...master, floating: false, since });
    }
  }
}

/**
 * A floating claim on an attachment's address keeps what the attachment says about its ENI. One that is
 * said to begin in the future is as old as its pod: else it would win against whoever claims from now on.
 */
function claimFloating(
  claims: Map<Address, Claim>,
  pod: Pod,
  floating: readonly FloatingIp[],
  now: number,
): void {
  for (const { address, since: told = pod.createdAt } of floating) {
    const since = told > now + CLOCKS_DIFFER_MS ? pod.createdAt : told;
    claims.set(address, { ...claims.get(address), address, floating: true, since });
  }
}

function claimRecorded(
  claims: Map<Address, Claim>,
  pod: Pod,
  recorded: readonly AssignedAddress[],
  floating: boolean,
): void {
  for (const { address, eniId } of recorded) {
    if (claims.has(address)) continue;
    const recordedEni = eniId === undefined ? {} : { recordedEni: eniId };
    claims.set(address, { address, floating, since: pod.createdAt, ...recordedEni });
  }
}

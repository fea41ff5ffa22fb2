import type { Address } from '../address.ts';
import { FLOATING_IPS, MAX_ADDRESSES } from '../cluster/annotations.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import {
  type Claim,
  type NotAttached,
  type PodClaims,
  tooManyAddresses,
  type UnreadableAnnotation,
} from './claim.ts';
import { type FloatingIp, parseFloatingIps } from './floating-ips.ts';
import { isLeftOut } from './left-out.ts';
import { missedNetworks } from './missed-networks.ts';
import type { ParsedNetwork } from './net-attach-def.ts';
import { type Attachment, type NetworkStatus, parseNetworkStatus } from './network-status.ts';

/** An address that the ledger of an ENI names a pod for. */
export interface RecordedAddress {
  readonly address: Address;
  readonly eniId: string;
  /** It is a tombstone: the pod had the address there last. */
  readonly releasing: boolean;
}

/** What claims are read with, beside the pod. */
export interface ReadingClaims {
  /** By `namespace/name`. An ignored one's attachments claim nothing; one that is not in it claims, its `master` unknown. */
  readonly networks: ReadonlyMap<string, ParsedNetwork>;
  /** Of each pod, by uid. */
  readonly recorded?: ReadonlyMap<string, readonly RecordedAddress[]>;
  /** Milliseconds since the epoch: a `since` that lies after it does not count. Absent: each counts. */
  readonly now?: number;
}

/**
 * What a pod claims: the addresses of its attachments and its floating addresses, each once. If an
 * annotation cannot be read, the addresses that the pod has by the ledgers stand in for it. If all
 * annotations together name more than MAX_ADDRESSES, these addresses stand in for all annotations. That
 * a floating address lies in a range is not checked here.
 *
 * @returns `undefined` if the pod claims nothing whatever its annotations say: it is not bound to a
 * node, finished, on the host's network, to be ignored, or a static pod.
 */
export function claimsOf(
  pod: Pod,
  { networks, recorded: recordedOf, now = Number.POSITIVE_INFINITY }: ReadingClaims,
): PodClaims | undefined {
  if (pod.node === undefined || pod.finished || pod.hostNetwork) return undefined;
  if (isLeftOut(pod)) return undefined;

  const status = parseNetworkStatus(pod.annotations, pod.namespace);
  const floating = parseFloatingIps(pod.annotations);
  const named = recordedOf?.get(pod.uid) ?? [];
  const recorded = named.filter(({ releasing }) => !releasing).slice(0, MAX_ADDRESSES);
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
  const recordedOn = Map.groupBy(named, ({ address }) => address);
  const notAttached = missedBy(pod, status, networks);
  return {
    pod: { namespace: pod.namespace, name: pod.name, uid: pod.uid },
    node: pod.node,
    createdAt: pod.createdAt,
    terminating: pod.terminating,
    claims: [...claims.values()].map((claim) => {
      const on = recordedOn.get(claim.address)?.map(({ eniId }) => eniId);
      return on === undefined ? claim : { ...claim, recordedOn: on };
    }),
    unreadable,
    ...(notAttached === undefined ? {} : { notAttached }),
  };
}

/** Clocks differ: by more than this (ms) a time is not after now by chance. */
const CLOCKS_DIFFER_MS = 60_000;

/** The plugins whose interfaces have a worker's device below them. */
const ON_DEVICES: ReadonlySet<string | undefined> = new Set(['ipvlan', 'macvlan', 'host-device']);

/** It may be on an ENI also if no such network exists, or if a file on the workers defines it. */
function mayBeOnEni(definition: ParsedNetwork | undefined): boolean {
  if (definition === undefined) return true;
  return !definition.ignored && (definition.type === undefined || ON_DEVICES.has(definition.type));
}

/**
 * What the pod misses, apart from networks that are none of our business. If Multus has emptied its
 * annotation, as version 3 does when a sandbox goes, the next sandbox is not made yet.
 */
function missedBy(
  pod: Pod,
  status: NetworkStatus,
  networks: ReadonlyMap<string, ParsedNetwork>,
): NotAttached | undefined {
  if (!status.ok || status.emptied) return undefined;
  const missed = missedNetworks(pod, status.attachments);
  if (missed === undefined || missed.unreadable !== undefined) return missed;
  const ours = missed.networks.filter((network) => mayBeOnEni(networks.get(network)));
  return ours.length === 0 ? undefined : { ...missed, networks: ours };
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
        // Which of its networks it was does not matter: nothing is released from an ENI that any of
        // them may be on.
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
 * said to begin in the future is as old as its pod. Otherwise it would win against whoever claims from
 * now on.
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
  recorded: readonly RecordedAddress[],
  floating: boolean,
): void {
  for (const { address } of recorded) {
    if (claims.has(address)) continue;
    claims.set(address, { address, floating, since: pod.createdAt, unreadable: true });
  }
}

import type { Address } from '../address.ts';
import { parseNetworkStatus } from '../claims/network-status.ts';
import { rangesOf } from '../claims/ranges.ts';
import type { Pod } from '../cluster/kubernetes.ts';
import type { Reservation, Reservations } from '../cluster/reservations.ts';

/** How whereabouts' reservations and the pods differ. */
export interface PoolAudit {
  /** Reserved for a pod that is not there, has ended, or has other addresses. */
  readonly stale: readonly (Reservation & { readonly why: string })[];
  /** Reserved for several live pods. */
  readonly double: readonly {
    readonly address: Address;
    readonly reservations: readonly Reservation[];
  }[];
  /** A live pod's, in a range of whereabouts and reserved for nobody: it may give it to another pod. */
  readonly unreserved: readonly { readonly address: Address; readonly pod: string }[];
}

/** A pod whose sandbox is older than this (ms) has all that it will have. */
const YOUNG_MS = 60_000;

/**
 * Compares reservations with pods.
 *
 * @param pods all of the cluster's, listed after the reservations.
 * @param now milliseconds since the epoch.
 */
export function auditPools(
  { ranges, reservations }: Reservations,
  pods: readonly Pod[],
  now: number,
): PoolAudit {
  const live = new Map(
    pods.filter(({ finished }) => !finished).map((pod) => [nameOf(pod), pod] as const),
  );
  const settled = [...live].filter(([, pod]) => isSettled(pod, now));
  const addresses = new Map(settled.map(([name, pod]) => [name, addressesOf(pod)] as const));
  const given = rangesOf([{ ranges }]);
  const reserved = Map.groupBy(reservations, ({ address }) => address);
  const staleness = (reservation: Reservation): string | undefined => {
    const pod = live.get(reservation.pod);
    if (pod === undefined) return 'which is not there';
    const has = addresses.get(reservation.pod);
    return has === undefined || has.has(reservation.address)
      ? undefined
      : 'which has other addresses';
  };
  return {
    stale: reservations.flatMap((reservation) => {
      const why = staleness(reservation);
      return why === undefined ? [] : [{ ...reservation, why }];
    }),
    double: [...reserved].flatMap(([address, all]) => {
      const ofLive = all.filter(({ pod }) => live.has(pod));
      const isDouble = new Set(ofLive.map(({ pod }) => pod)).size > 1;
      return isDouble ? [{ address, reservations: ofLive }] : [];
    }),
    unreserved: [...addresses].flatMap(([pod, own = new Set()]) =>
      [...own]
        .filter((address) => !reserved.has(address))
        .filter((address) => given.includes(address))
        .map((address) => ({ address, pod })),
    ),
  };
}

/**
 * What both audits of the same pods found, of which the first rests on reservations that were read
 * before the pods, and the second on what was read after them. So what came or went meanwhile is no
 * difference.
 */
export function foundTwice(first: PoolAudit, second: PoolAudit): PoolAudit {
  const stale = new Set(first.stale.map(textOfStale));
  const double = new Set(first.double.map(({ address }) => address));
  const unreserved = new Set(first.unreserved.map(textOfUnreserved));
  return {
    stale: second.stale.filter((each) => stale.has(textOfStale(each))),
    double: second.double.filter(({ address }) => double.has(address)),
    unreserved: second.unreserved.filter((each) => unreserved.has(textOfUnreserved(each))),
  };
}

/** In words; who knows which ENI has the address adds it. */
export function textOfStale({ address, by, pod, why }: PoolAudit['stale'][number]): string {
  return `${by} keeps ${address} for pod ${pod}, ${why}`;
}

export function textOfDouble({ address, reservations }: PoolAudit['double'][number]): string {
  const kept = reservations.map(({ pod, by }) => `for pod ${pod} by ${by}`).join(', ');
  return `${address} is kept ${kept}`;
}

export function textOfUnreserved({ address, pod }: PoolAudit['unreserved'][number]): string {
  return `pod ${pod} has ${address}, which lies in a range of whereabouts and is kept for nobody`;
}

/** Of a pod that starts or ends, reservation and network-status come and go one after the other. */
function isSettled({ sandboxSince, terminating }: Pod, now: number): boolean {
  return !terminating && sandboxSince !== undefined && now - sandboxSince >= YOUNG_MS;
}

function nameOf({ namespace, name }: Pod): string {
  return `${namespace}/${name}`;
}

/** What Multus gave to a pod; `undefined` if that cannot be read. */
function addressesOf({ annotations, namespace }: Pod): ReadonlySet<Address> | undefined {
  const read = parseNetworkStatus(annotations, namespace);
  return read.ok ? new Set(read.attachments.flatMap(({ ips }) => ips)) : undefined;
}

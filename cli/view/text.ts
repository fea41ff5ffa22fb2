import type { AddressRange, Family } from '../../shared/address.ts';
import { fromInteger } from '../../shared/address.ts';
import type { PodRef } from '../../shared/cluster/kubernetes.ts';
import type { Eni, InstanceLimits, Subnet } from '../../shared/enis/eni.ts';

export { instant } from '../../console/words.ts';

/** `default/sampleapp`. */
export function podName({ namespace, name }: Pick<PodRef, 'namespace' | 'name'>): string {
  return `${namespace}/${name}`;
}

/** `3 min ago`. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min ago`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${Math.round(hours / 24)} days ago`;
}

/** `eni-0abc (eth1)`. */
export function eniName({ id, deviceIndex }: Pick<Eni, 'id' | 'deviceIndex'>): string {
  return deviceIndex === undefined ? id : `${id} (eth${deviceIndex})`;
}

/** `172.16.1.70-172.16.1.80`. */
export function rangeText({ family, first, last }: AddressRange): string {
  return `${fromInteger(first, family)}-${fromInteger(last, family)}`;
}

/** `172.16.1.0/24`, or all blocks of a subnet. */
export function blocksOf(subnet: Subnet | undefined): string {
  return subnet === undefined ? 'blocks unknown' : blockTexts(subnet).join(', ');
}

/** Each block of a subnet as `172.16.1.0/24`. */
export function blockTexts({ blocks }: Subnet): string[] {
  return blocks.map(({ family, first, last }) => {
    const size = (last - first + 1n).toString(2).length - 1;
    return `${fromInteger(first, family)}/${(family === 4 ? 32 : 128) - size}`;
  });
}

/** How many addresses an ENI has of a family, primary ones included. */
export function usedOf({ primary, secondary, prefixes }: Eni, family: Family): number {
  const addresses = [...primary, ...secondary].filter(
    (address) => (address.includes(':') ? 6 : 4) === family,
  );
  return addresses.length + prefixes.filter((prefix) => prefix.family === family).length;
}

/** `3 of 10 IPv4 addresses`, and of IPv6 where there are any. */
export function roomOf(eni: Eni, limits: InstanceLimits | undefined): string {
  const of = (family: Family): string => {
    const limit = family === 4 ? limits?.ipv4 : limits?.ipv6;
    return `${usedOf(eni, family)} of ${limit ?? 'an unknown number of'} IPv${family} addresses`;
  };
  return usedOf(eni, 6) > 0 ? `${of(4)}, ${of(6)}` : of(4);
}

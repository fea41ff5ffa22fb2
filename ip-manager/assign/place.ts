import { type Address, familyOf } from '../../shared/address.ts';
import type { ManagedTag } from '../../shared/enis/ec2.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { inPrefixOf } from '../../shared/enis/eni-facts.ts';
import type { Subnets } from '../../shared/enis/subnets.ts';
import { chooseEni, type EniChoice } from '../../shared/plan/choose-eni.ts';
import { describeProblem } from '../../shared/plan/problem.ts';
import type { PodAddress } from '../addresses/pod-addresses.ts';

/** An address of the pod with the ENI that it belongs on. */
export interface PlacedAddress extends PodAddress {
  readonly eni: Eni;
}

/** An address that is not on its ENI, and why. */
export interface Unassigned extends PodAddress {
  readonly reason: string;
}

export interface Placed {
  readonly placed: readonly PlacedAddress[];
  /** Of networks that are not on ENIs. */
  readonly notOurs: readonly PodAddress[];
  readonly failed: readonly Unassigned[];
}

/**
 * Finds the ENI of each address among those of the instance: by the interface's MAC, otherwise by the
 * subnets, which are asked for only then. An IPv6 block may have come since they were.
 */
export async function place(
  addresses: readonly PodAddress[],
  enis: readonly Eni[],
  { subnets, managedTag }: { readonly subnets: Subnets; readonly managedTag: ManagedTag },
  signal: AbortSignal,
): Promise<Placed> {
  const placed: PlacedAddress[] = [];
  const notOurs: PodAddress[] = [];
  const failed: Unassigned[] = [];
  const managed = enis.filter((eni) => eni.managed).map((eni) => eni.subnetId);
  let current: ReturnType<Subnets['again']> | undefined;
  for (const [address, onInterfaces] of Map.groupBy(addresses, (each) => each.address)) {
    const [first, ...others] = onInterfaces;
    if (first === undefined) continue;
    if (others.length > 0) {
      failed.push({ ...first, reason: onSeveral(address, onInterfaces) });
      continue;
    }
    let choice = choose(first, { enis, subnets: new Map() });
    if (choice.kind === 'not-our-network' && managed.length > 0) {
      choice = choose(first, { enis, subnets: await subnets.of(managed, signal) });
      if (choice.kind === 'not-our-network' && familyOf(address) === 6) {
        current ??= subnets.again(managed, signal);
        choice = choose(first, { enis, subnets: await current });
      }
    }
    if (choice.kind === 'eni') placed.push({ ...first, eni: choice.eni });
    else if (choice.kind === 'not-our-network') notOurs.push(first);
    else failed.push({ ...first, reason: describeChoice(choice, managedTag) });
  }
  return { placed, notOurs, failed };
}

function choose({ address, mac }: PodAddress, node: Parameters<typeof chooseEni>[1]): EniChoice {
  return chooseEni(
    { address, ...(mac === undefined ? {} : { mac }), floating: false, since: 0 },
    node,
  );
}

function onSeveral(address: Address, onInterfaces: readonly PodAddress[]): string {
  const names = onInterfaces.map((each) => each.interface).join(' and ');
  return `${names} both have ${address}. Give each network a range of its own`;
}

function describeChoice(
  choice: Extract<EniChoice, { kind: 'eni-untagged' | 'eni-ambiguous' }>,
  { key, value }: ManagedTag,
): string {
  if (choice.kind === 'eni-untagged') {
    const { id } = choice.eni;
    return describeProblem({ kind: 'eni-untagged', eniId: id, tag: `${key}=${value}` });
  }
  const ids = choice.enis.map(({ id }) => id).join(' or ');
  return `it may belong on ${ids}, and its interface has the MAC address of neither. Use ipvlan or host-device, or leave it to the reconciler, which knows the network's master`;
}

/** Whether EC2 has the address on its ENI already, also as primary or by a delegated prefix. */
export function isThere({ address, eni }: PlacedAddress): boolean {
  return (
    eni.secondary.includes(address) || eni.primary.includes(address) || inPrefixOf(eni, address)
  );
}

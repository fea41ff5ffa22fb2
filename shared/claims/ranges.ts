import { type Address, type AddressRange, familyOf, toInteger } from '../address.ts';
import { mergeRanges } from './range-list.ts';

/** What networks and the configuration say of addresses. */
export interface Ranges {
  /** In a range that a network gives out, and within the configuration's bounds. */
  includes(address: Address): boolean;
  /** Within the configuration's bounds: outside them nothing is ever assigned or released. */
  allows(address: Address): boolean;
  /** The block that the configuration keeps for other namespaces than this one, if the address lies in one. */
  boundElsewhere(address: Address, namespace: string): Binding | undefined;
}

/** A block of addresses that the configuration keeps for some namespaces. */
export interface Binding {
  /** As the configuration writes it. */
  readonly block: string;
  readonly range: AddressRange;
  /** A name that ends with `*` stands for all that begin so. */
  readonly namespaces: readonly string[];
}

/**
 * The ranges of a cluster: what its networks give out, within `bounds`.
 *
 * @param bounds the configuration's `ranges`; nothing is out of bounds if it is unset, and everything
 * if it is an empty list.
 * @param bindings the configuration's `namespaces`. If an address lies in several blocks, each counts.
 */
export function rangesOf(
  networks: Iterable<{ readonly ranges: readonly AddressRange[] }>,
  bounds?: readonly AddressRange[],
  bindings: readonly Binding[] = [],
): Ranges {
  const given = within([...networks].flatMap((network) => network.ranges));
  const allows = bounds === undefined ? () => true : within(bounds);
  const bound = bindings.map((binding) => ({ binding, holds: within([binding.range]) }));
  return {
    includes: (address) => given(address) && allows(address),
    allows,
    boundElsewhere: (address, namespace) =>
      bound.find(({ binding, holds }) => holds(address) && !isFor(binding, namespace))?.binding,
  };
}

function isFor({ namespaces }: Binding, namespace: string): boolean {
  return namespaces.some((name) =>
    name.endsWith('*') ? namespace.startsWith(name.slice(0, -1)) : name === namespace,
  );
}

/** Whether an address lies in one of the ranges, found in logarithmic time. */
export function within(ranges: readonly AddressRange[]): (address: Address) => boolean {
  const merged = mergeRanges(ranges);
  const byFamily = {
    4: merged.filter((range) => range.family === 4),
    6: merged.filter((range) => range.family === 6),
  };
  return (address) => {
    const sorted = byFamily[familyOf(address)];
    const value = toInteger(address);
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = sorted[middle];
      if (range === undefined || value < range.first) high = middle;
      else if (value > range.last) low = middle + 1;
      else return true;
    }
    return false;
  };
}

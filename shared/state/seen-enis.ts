import type { Address } from '../address.ts';
import type { Eni } from '../enis/eni.ts';
import { asSeenBy } from '../enis/of-cluster.ts';

/** The ENIs that a sweep saw, each found in one step: it asks for every node and every address. */
export interface SeenEnis {
  /** Those of an instance. */
  of(instanceId: string): readonly Eni[];
  /** Those of a VPC that have an address, as their primary or a secondary one. */
  having(vpcId: string, address: Address): readonly Eni[];
  /** Whether it was seen. */
  has(eniId: string): boolean;
}

export function seenEnis(enis: readonly Eni[]): SeenEnis {
  const ids = new Set(enis.map(({ id }) => id));
  const byInstance = Map.groupBy(enis, (eni) => eni.instanceId);
  let byVpc: ReadonlyMap<string, ReadonlyMap<Address, readonly Eni[]>> | undefined;
  return {
    of: (instanceId) => byInstance.get(instanceId) ?? [],
    has: (eniId) => ids.has(eniId),
    having(vpcId, address) {
      // Not before somebody asks: it is as long as all addresses of all ENIs.
      byVpc ??= byAddress(enis);
      return byVpc.get(vpcId)?.get(address) ?? [];
    },
  };
}

/** The same private address exists once in each VPC of the account. */
function byAddress(enis: readonly Eni[]): Map<string, Map<Address, Eni[]>> {
  const byVpc = new Map<string, Map<Address, Eni[]>>();
  for (const eni of enis) {
    const inVpc = byVpc.get(eni.vpcId) ?? new Map<Address, Eni[]>();
    byVpc.set(eni.vpcId, inVpc);
    for (const address of [...eni.primary, ...eni.secondary]) {
      const having = inVpc.get(address);
      if (having === undefined) inVpc.set(address, [eni]);
      else having.push(eni);
    }
  }
  return byVpc;
}

/** The same, of which each ENI is as the cluster sees it. */
export function seenBy(cluster: string, { has, of, having }: SeenEnis): SeenEnis {
  return {
    has,
    of: (instanceId) => of(instanceId).map((eni) => asSeenBy(cluster, eni)),
    having: (...where) => having(...where).map((eni) => asSeenBy(cluster, eni)),
  };
}

/** Both; what `first` saw counts before what `then` saw. */
export function either(first: SeenEnis, then: SeenEnis): SeenEnis {
  return {
    has: (eniId) => first.has(eniId) || then.has(eniId),
    of: (instanceId) => [...first.of(instanceId), ...then.of(instanceId)],
    having: (...where) => [...first.having(...where), ...then.having(...where)],
  };
}

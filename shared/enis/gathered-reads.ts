import { setImmediate } from 'node:timers';
import type { Address } from '../address.ts';
import { unlessAborted } from '../time/unless-aborted.ts';
import type { Eni } from './eni.ts';
import type { EniInventory } from './inventory.ts';

/**
 * The same reads; those that are asked for at the same moment, as by the nodes of a batch, are one call, and so
 * are those that wait for it.
 *
 * @param turn resolves once a call may be sent.
 */
export function gatheredReads(inventory: EniInventory, turn: () => Promise<void>): EniInventory {
  const ofInstances = gathered<string>(turn, (ids) => inventory.ofInstances(ids));
  const byVpc = new Map<
    string,
    (addresses: readonly Address[], signal?: AbortSignal) => Promise<Eni[]>
  >();
  const withAddresses = (vpcId: string) => {
    const known =
      byVpc.get(vpcId) ??
      gathered<Address>(turn, (addresses) => inventory.withAddresses(vpcId, addresses));
    byVpc.set(vpcId, known);
    return known;
  };
  return {
    ...inventory,
    async ofInstances(instanceIds, signal) {
      const asked = new Set<string | undefined>(instanceIds);
      const enis = await ofInstances(instanceIds, signal);
      return enis.filter(({ instanceId }) => asked.has(instanceId));
    },
    async withAddresses(vpcId, addresses, signal) {
      if (addresses.length === 0) return [];
      const asked = new Set(addresses);
      const enis = await withAddresses(vpcId)(addresses, signal);
      return enis.filter(({ primary, secondary }) =>
        [...primary, ...secondary].some((each) => asked.has(each)),
      );
    },
  };
}

/** Answers all that ask until its turn has come by one read, which begins once all of them have asked. */
function gathered<K>(
  turn: () => Promise<void>,
  ask: (keys: readonly K[]) => Promise<Eni[]>,
): (keys: readonly K[], signal?: AbortSignal) => Promise<Eni[]> {
  let next: { readonly keys: Set<K>; readonly answer: Promise<Eni[]> } | undefined;
  return async (keys, signal) => {
    signal?.throwIfAborted();
    if (next === undefined) {
      const all = new Set<K>();
      const { promise, resolve, reject } = Promise.withResolvers<Eni[]>();
      setImmediate(async () => {
        await turn();
        next = undefined;
        ask([...all]).then(resolve, reject);
      });
      promise.catch(() => undefined);
      next = { keys: all, answer: promise };
    }
    for (const key of keys) next.keys.add(key);
    return unlessAborted(next.answer, signal);
  };
}

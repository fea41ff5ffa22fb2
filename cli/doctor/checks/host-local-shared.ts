import { IGNORE } from '../../../shared/cluster/annotations.ts';
import type { Check } from '../check.ts';
import { enisAt, indexOf, ipamTypes } from '../masters.ts';

/** host-local on several nodes: each gives out the same addresses. */
export const hostLocalShared: Check = {
  code: 'ME205',
  name: 'host-local-shared',
  reason: 'host-local counts on each node by itself: two nodes give one address to two pods.',
  fix: 'Use whereabouts, or a definition with a range of its own for each node.',
  source: 'https://www.cni.dev/plugins/current/ipam/host-local/',
  asks: 'manifests',
  find({ view, definitions, networks }) {
    return definitions
      .filter((definition) => definition.annotations[IGNORE] !== 'true')
      .filter((definition) => ipamTypes(definition).includes('host-local'))
      .flatMap(({ namespace, name }) => {
        const network = `${namespace}/${name}`;
        const index = indexOf(networks.get(network)?.master);
        const nodes = view && index !== undefined ? enisAt(view, index).length : undefined;
        if (nodes !== undefined && nodes < 2) return [];
        const many = nodes === undefined ? 'every node that it is used on' : `${nodes} nodes`;
        return [
          { about: network, text: `${network} has host-local give out one range on ${many}` },
        ];
      });
  },
};

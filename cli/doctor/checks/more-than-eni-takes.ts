import { rangeText } from '../../view/text.ts';
import type { Check } from '../check.ts';
import { enisAt, ipamTypes, mastersIn } from '../masters.ts';

/** host-local on a node gives out more than the node's ENI takes. */
export const moreThanEniTakes: Check = {
  code: 'ME301',
  name: 'more-than-eni-takes',
  reason: 'The ENI is full before the range is: the last pods of a node get no address.',
  fix: 'Shorten the range, spread the pods, or use a larger instance type.',
  source: 'Amazon EC2 User Guide, "IP addresses per network interface per instance type"',
  asks: 'cluster',
  find({ view, definitions, networks }) {
    if (view === undefined) return [];
    const local = new Set(
      definitions
        .filter((definition) => ipamTypes(definition).includes('host-local'))
        .map(({ namespace, name }) => `${namespace}/${name}`),
    );
    return mastersIn(networks)
      .filter(({ network }) => local.has(network.network))
      .flatMap(({ network, index }) =>
        network.ranges.flatMap((range) => {
          const size = range.last - range.first + 1n;
          const limits = enisAt(view, index).flatMap(({ node }) => {
            const { ipv4, ipv6 } = node.state.limits ?? {};
            return (range.family === 4 ? ipv4 : ipv6) ?? [];
          });
          const least = Math.min(...limits);
          // The primary address counts.
          if (limits.length === 0 || size <= BigInt(least - 1)) return [];
          const text = `${network.network} gives out ${rangeText(range)}: ${size} addresses, where ${network.master} takes ${least - 1}`;
          return [{ about: network.network, text }];
        }),
      );
  },
};

import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';

/** A node that takes more pods than the VPC CNI has addresses for beside the Multus ENIs. */
export const maxPodsTooHigh: Check = {
  code: 'ME304',
  name: 'max-pods-too-high',
  reason:
    'Multus ENIs carry no ordinary pods: the last ones that the scheduler sends there get no address of the VPC CNI.',
  fix: 'Start kubelet with --max-pods of (ENIs of the type − Multus ENIs) × (addresses of one − 1) + 2.',
  source: 'docs/enis.md, "On the node"',
  asks: 'cluster',
  find({ view, maxPods, systemPods = [] }) {
    if (view === undefined || maxPods === undefined) return [];
    // With prefix delegation each of its addresses is a prefix of sixteen, so the formula does not
    // hold.
    const byPrefix = new Set(
      systemPods.flatMap(({ of, node, environment }) =>
        of === 'vpc-cni' && environment.ENABLE_PREFIX_DELEGATION === 'true' ? [node] : [],
      ),
    );
    return ifKnown(maxPods, (known) =>
      [...known].flatMap(([name, pods]) => {
        const { limits, enis = [] } = view.nodes.get(name)?.state ?? {};
        if (limits?.interfaces === undefined || byPrefix.has(name)) return [];
        const multus = enis.filter((eni) => eni.managed).length;
        const most = (limits.interfaces - multus) * (limits.ipv4 - 1) + 2;
        if (pods <= most) return [];
        const text = `${name} takes ${pods} pods, and has addresses for ${most} beside ${multus} Multus ENIs`;
        return [{ about: name, text }];
      }),
    );
  },
};

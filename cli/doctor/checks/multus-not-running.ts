import type { Check } from '../check.ts';

/** A node with managed ENIs and no Multus. */
export const multusNotRunning: Check = {
  code: 'ME402',
  name: 'multus-not-running',
  reason: 'Without Multus pods get no further interface there, and no network-status is written.',
  fix: 'Have the DaemonSet of Multus tolerate the node’s taints: deploy/multus/README.md.',
  source: 'https://github.com/k8snetworkplumbingwg/multus-cni/blob/master/docs/quickstart.md',
  asks: 'cluster',
  find({ view }) {
    if (view === undefined) return [];
    // The DaemonSet of Multus' own manifests is kube-multus-ds, and charts name theirs multus.
    const isMultus = /(^|-)multus(-|$)/;
    const pods = view.allPods.filter(
      ({ name, hostNetwork, finished }) => hostNetwork && !finished && isMultus.test(name),
    );
    const has = new Set(pods.map(({ node }) => node));
    return [...view.nodes]
      .filter(([name, { state }]) => state.enis.some((eni) => eni.managed) && !has.has(name))
      .map(([name]) => ({ about: name, text: `no pod of Multus runs on ${name}` }));
  },
};

import type { Check } from '../check.ts';

/** A pod of Multus that is there, and not ready. */
export const multusNotReady: Check = {
  code: 'ME405',
  name: 'multus-not-ready',
  reason: 'Pods that start meanwhile get no further interface, or do not start.',
  fix: 'kubectl describe pod, and its log: often it lacks memory, or the CNI’s configuration.',
  source: 'https://github.com/k8snetworkplumbingwg/multus-cni/blob/master/docs/thick-plugin.md',
  asks: 'cluster',
  find({ view, systemPods = [] }) {
    return systemPods
      .filter(({ of, node = '', ready }) => of === 'multus' && !ready && view?.nodes.has(node))
      .map(({ namespace, name, node }) => ({
        about: `${namespace}/${name}`,
        text: `${namespace}/${name} on ${node} is not ready`,
      }));
  },
};

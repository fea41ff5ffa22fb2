import type { Check } from '../check.ts';

/** Two Nodes that name one instance. */
export const nodesOfOneInstance: Check = {
  code: 'ME401',
  name: 'nodes-of-one-instance',
  reason: 'Neither Node knows the other’s pods, so nothing is released on the instance.',
  fix: 'Delete the Node that is no more.',
  source: 'docs/design.md, rule 3',
  asks: 'cluster',
  find({ view }) {
    const named = (view?.allNodes ?? []).filter(({ instanceId }) => instanceId !== undefined);
    return [...Map.groupBy(named, ({ instanceId }) => instanceId ?? '')]
      .filter(([, nodes]) => nodes.length > 1)
      .map(([instanceId, nodes]) => ({
        about: instanceId,
        text: `${nodes.map(({ name }) => name).join(' and ')} name ${instanceId}`,
      }));
  },
};

import { countAddresses, isMass } from '../../shared/plan/brake.ts';
import type { Look } from '../access/access.ts';
import type { View } from './view.ts';

/**
 * What the brake withholds, as far as ENIs and pods show, and what to do (docs/design.md, "The brake"). The
 * functions count the same. What they saw to end, and let go of lately, they alone know.
 *
 * @returns `undefined` if it withholds nothing, and without a stage: its share is the stage's.
 */
export function brakeText(
  { cluster, policy, state, allEnis, ledgers, allNodes, allPods }: View,
  { config, stage, letsGo }: Pick<Look, 'config' | 'stage' | 'letsGo'>,
): string | undefined {
  if (config === undefined || letsGo === true || !policy.writes || !policy.unassigns)
    return undefined;
  const { addresses, left } = countAddresses({
    ...{ enis: allEnis, ledgers, nodes: allNodes, pods: allPods },
    networks: state.networks.byName,
  });
  if (!isMass({ addresses, unclaimed: left.size, released: 0 }, config.maxReleaseShare)) {
    return undefined;
  }
  return `releases are withheld: no pod claims ${left.size} of ${addresses} addresses. Do their pods run? Then mend the cluster. Have they ended? multus-eni resume --stage ${stage} --cluster ${cluster} --releases. See docs/runbook.md, "Releases withheld"`;
}

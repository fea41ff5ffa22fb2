import { claimsOf } from '../../shared/claims/pod-claims.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import { EXIT } from '../exit-code.ts';
import { type ResyncOptions, resync } from './resync.ts';

export interface ClusterOptions extends ResyncOptions {
  /** All pods of the cluster. */
  readonly listPods: () => Promise<readonly Pod[]>;
}

/**
 * Sends a resync for each node that has Multus pods.
 *
 * @returns the exit code.
 * @throws what `listPods` and `resync` throw.
 */
export async function replayCluster(options: ClusterOptions): Promise<number> {
  const { cluster, queueUrl, output } = options;
  output.progress(`reading the pods of ${cluster}`);
  const nodes = nodesWithMultusPods(await options.listPods());
  if (nodes.length > 0) return resync(options, nodes);
  output.result({ queueUrl, cluster, nodes, sent: 0, refused: [] });
  output.line(`No pod of ${cluster} has a Multus network: nothing was sent.`);
  return EXIT.nothing;
}

function nodesWithMultusPods(pods: readonly Pod[]): string[] {
  const nodes = new Set<string>();
  for (const pod of pods) {
    // The networks are not read for this: to ask for a node too many costs a look at it, and no
    // more.
    const wanted = claimsOf(pod, { networks: new Map() });
    if (wanted === undefined) continue;
    if (wanted.claims.length > 0 || wanted.unreadable.length > 0) nodes.add(wanted.node);
  }
  return [...nodes].toSorted();
}

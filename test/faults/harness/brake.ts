import type { NetworkInterface } from '../../../sandbox/ec2/model.ts';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import { NEVER_TOO_MANY } from '../../../shared/plan/brake.ts';
import type { VirtualCluster, VirtualWorld } from '../world/world.ts';
import type { Claims } from './claims.ts';
import type { Life } from './life.ts';
import { nodeOf } from './places.ts';
import type { Acting } from './reconciles.ts';

/** A node without any pod is believed a minute after the first look at the earliest. */
const SECOND_LOOK_MS = 60_000;

/**
 * Watches what pods lose that run on, though their objects have vanished (docs/design.md, "The brake"): one
 * process takes its part of twenty addresses at most, and from a node without any pod none within a minute.
 * The workloads have more vanish than that, and than the share of a cluster that may go.
 */
export function watchBrake(
  {
    world,
    claims,
    violate,
  }: {
    readonly world: VirtualWorld;
    readonly claims: Claims;
    readonly violate: (what: string) => void;
  },
  writers: number,
) {
  const lost = new WeakMap<Life, Set<string>>();
  return {
    removed(by: Acting, eni: NetworkInterface, address: string): void {
      const node = nodeOf(world, eni.attachment?.instanceId);
      const [vanished] = claims
        .vanished(address)
        .filter(({ known }) => known.cluster === node?.cluster && known.node === node.node);
      if (vanished === undefined || node === undefined) return;
      const { pod } = vanished.known.pod;
      const all = lost.get(by.life) ?? new Set<string>();
      lost.set(by.life, all.add(`${eni.id}/${address}`));
      const text = `${address} of ${pod.namespace}/${pod.name}, which vanished, was unassigned`;
      if (all.size > NEVER_TOO_MANY / writers) {
        violate(`${text}: it is the ${all.size}th that one process takes`);
      }
      const ofNode = world.clusters
        .get(node.cluster)
        ?.api.store.list('pods')
        .filter(({ spec }) => spec?.nodeName === node.node);
      const since = by.sentAt - vanished.at;
      if (ofNode?.length === 0 && since < SECOND_LOOK_MS) {
        violate(`${text} after ${since} ms, and ${node.node} has no pod at all`);
      }
    },
  };
}

/** Takes pods' objects out of a cluster's data. */
function takeAway(
  { api: { store } }: VirtualCluster,
  isGone: (pod: KubeObject) => boolean,
): readonly KubeObject[] {
  const gone = store.list('pods').filter(isGone);
  for (const pod of gone) store.remove('pods', pod);
  return gone;
}

function bringBack({ api: { store } }: VirtualCluster, gone: readonly KubeObject[]): void {
  for (const pod of gone) store.put('pods', pod);
}

/** Pods' objects vanish from the first cluster, and no watch tells of it. @returns what brings them back. */
export function vanish(
  { clusters }: VirtualWorld,
  progress: { untold: boolean },
  of: {
    readonly isGone: (pod: KubeObject) => boolean;
    readonly breakWatches: () => void;
    readonly log: ((line: string) => void) | undefined;
  },
): () => void {
  const [cluster] = clusters.values();
  if (cluster === undefined) throw new Error('there is no cluster');
  progress.untold = true;
  const gone = takeAway(cluster, of.isGone);
  progress.untold = false;
  of.log?.(`${gone.length} pods vanish, and run on`);
  of.breakWatches();
  return () => bringBack(cluster, gone);
}

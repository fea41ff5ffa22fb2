import type { Clock } from '../../../shared/time/clock.ts';
import { toTimestamp } from '../deletion.ts';
import { fieldAt } from '../object.ts';
import type { ApiServer } from './api-server.ts';
import { withConditions } from './pod-status.ts';
import { type PodView, viewPod } from './pod-view.ts';

/**
 * Binds a pod to the node with the fewest pods among `candidates` that its nodeSelector and affinity
 * match and that is not cordoned; returns false if no node fits.
 */
export function schedule(
  pod: PodView,
  candidates: ReadonlySet<string>,
  { objects, clock }: { readonly objects: ApiServer; readonly clock: Clock },
): boolean {
  const load = new Map<string, number>();
  for (const object of objects.list('nodes')) {
    const { name, labels = {} } = object.metadata;
    const wanted = Object.entries(pod.nodeSelector);
    const isNamed = pod.onNodes?.includes(name) ?? true;
    const fits = isNamed && wanted.every(([label, value]) => labels[label] === value);
    const cordoned = fieldAt(object, 'spec.unschedulable') === true;
    if (candidates.has(name) && fits && !cordoned) load.set(name, 0);
  }
  for (const other of objects.list('pods').map(viewPod)) {
    const count = load.get(other.node ?? '');
    if (count !== undefined && !other.finished) load.set(other.node ?? '', count + 1);
  }
  const [chosen] = [...load].sort(([a, m], [b, n]) => m - n || (a < b ? -1 : 1));
  if (chosen === undefined) return false;
  objects.patch('pods', pod, { spec: { nodeName: chosen[0] } });
  const at = toTimestamp(clock.now());
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: at };
  const status = { conditions: withConditions(pod, [scheduled]) };
  objects.patch('pods', pod, { status }, { subresource: 'status' });
  return true;
}

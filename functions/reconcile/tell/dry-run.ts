import { type Placement, type Verdict, wanting } from '../../../shared/plan/verdict.ts';
import type { ClusterAccess } from '../../../shared/state/cluster-access.ts';

/** Logs what would be done under another policy; nothing where that is nothing. */
export function tellDryRun(
  { cluster, telemetry }: ClusterAccess,
  node: string,
  verdicts: readonly Verdict[],
): void {
  const assigned = placements(wanting(verdicts, 'assign', 'move'));
  const released = placements(wanting(verdicts, 'release'));
  if (assigned.length + released.length === 0) return;
  const detail = { assign: assigned, release: released };
  telemetry.info('dry run: nothing is changed', { cluster, node }, detail);
}

function placements(list: readonly Placement[]): string[] {
  return list.map(({ address, eniId }) => `${address} on ${eniId}`);
}

import { type Placement, wanting } from '../../../shared/plan/verdict.ts';
import type { ReconcileScope } from '../scope.ts';
import { type Feedback, tellWouldBe } from './tell.ts';

/**
 * Logs what would be done under another policy, and tells the pods, if the policy does (docs/design.md, "A dry run").
 *
 * @throws as `tell`, and what `held` throws.
 */
export async function tellDryRun(
  { access, held }: Pick<ReconcileScope, 'access' | 'held'>,
  feedback: Feedback,
  signal?: AbortSignal,
): Promise<void> {
  const { cluster, policy, telemetry } = access;
  const { state, verdicts } = feedback;
  const assign = placements(wanting(verdicts, 'assign', 'move'));
  const release = placements(wanting(verdicts, 'release'));
  if (assign.length + release.length > 0) {
    const subject = { cluster, node: state.node };
    telemetry.info('dry run: nothing is changed', subject, { assign, release });
  }
  if (!policy.tells) return;
  await held();
  await tellWouldBe(access, feedback, signal);
}

function placements(list: readonly Placement[]): string[] {
  return list.map(({ address, eniId }) => `${address} on ${eniId}`);
}

import type { ClusterAccess } from '../../../shared/state/cluster-access.ts';
import type { Turn } from '../../admission.ts';

/** Emits how long a node waited for its turn in EC2's call budget, if it did. */
export function measureWait(
  { cluster, telemetry }: Pick<ClusterAccess, 'cluster' | 'telemetry'>,
  { waitedMs, perSecond }: Pick<Turn, 'waitedMs' | 'perSecond'>,
): void {
  if (waitedMs === 0) return;
  telemetry.metric('BudgetWait', cluster, waitedMs);
  telemetry.metric('BudgetRate', cluster, perSecond);
}

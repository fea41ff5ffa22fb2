import type { Eni } from '../enis/eni.ts';
import type { EniInventory } from '../enis/inventory.ts';
import { StalePodsError } from './release.ts';

/**
 * Compares what is known of an ENI's attachment with the instance whose node's pods a release rests on
 * (docs/design.md, rule 3). Otherwise the pods that claim the ENI's addresses may be those of another
 * node.
 *
 * @param instanceId absent if the ENI is detached: no pods rest on that.
 * @throws StalePodsError if the ENI was read to be elsewhere, or if any read has shown a newer
 * attachment or the end of this one.
 */
export function assertAttached(
  inventory: EniInventory,
  eni: Eni,
  instanceId: string | undefined,
): void {
  if (eni.instanceId !== instanceId) throw elsewhere(eni, eni.instanceId);
  const newest = inventory.newestAttachment(eni.id);
  if (instanceId === undefined || newest === undefined) return;
  if (newest.instanceId !== instanceId) throw elsewhere(eni, newest.instanceId);
  if (newest.leaving) throw new StalePodsError(`${eni.id} is being detached from ${instanceId}`);
}

/**
 * Whether a read of this environment has shown a newer attachment of the ENI, to another instance. Then
 * the ENI's addresses are not this node's, whichever read shows the ENI here (docs/design.md, schedule
 * 33).
 */
export function isSeenElsewhere(
  { newestAttachment }: EniInventory,
  { id, instanceId }: Eni,
): boolean {
  const newest = newestAttachment(id);
  return newest !== undefined && newest.instanceId !== instanceId;
}

function elsewhere(eni: Eni, instanceId: string | undefined): StalePodsError {
  return new StalePodsError(`${eni.id} is attached to ${instanceId ?? 'nothing'} by now`);
}

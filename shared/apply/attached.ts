import type { Eni } from '../enis/eni.ts';
import type { EniInventory } from '../enis/inventory.ts';
import { StalePodsError } from './release.ts';

/**
 * Holds what is known of an ENI's attachment against the instance whose node's pods a release rests
 * on (docs/design.md, rule 3): the pods that claim what the ENI has may be those of another node.
 *
 * @param instanceId absent where the ENI is detached: no pods rest on that.
 * @throws StalePodsError where the ENI was read to be elsewhere, where any read has shown a newer
 *   attachment, or the end of this one.
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
 * Whether a read of this environment has shown a newer attachment of the ENI, to another instance: what
 * the ENI has is not this node's, whichever read shows it here (docs/design.md, schedule 33).
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

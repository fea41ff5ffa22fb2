import type { Ledgers } from '../../shared/plan/ledger.ts';
import {
  hasLedger,
  type NodeReading,
  type NodeState,
  readNode,
  withoutInstance,
} from '../../shared/state/node-state.ts';
import type { NodeMemory, NodeRequest, ReconcileScope } from './scope.ts';

/** Asks the Node for its instance, if neither a message nor an earlier read of this environment has named one. */
export async function findInstance(
  { access, memory }: Pick<ReconcileScope, 'access' | 'memory'>,
  { node, instanceId: told }: Pick<NodeRequest, 'node' | 'instanceId'>,
  signal?: AbortSignal,
): Promise<void> {
  const instanceId = memory.instanceId ?? told;
  memory.instanceId = instanceId ?? (await access.kubernetes.getNode(node, signal))?.instanceId;
}

/**
 * Reads the state of the node that messages ask for. Whose ENIs to read is guessed: those of the
 * instance that the Node named last, or that a message names. The Node is asked first only if neither
 * is known.
 */
export async function readAsked(
  { access, memory }: ReconcileScope,
  { node, instanceId: told, reasons }: NodeRequest,
  signal?: AbortSignal,
): Promise<NodeReading> {
  let instanceId = memory.instanceId ?? told;
  if (instanceId === undefined) {
    const object = await access.kubernetes.getNode(node, signal);
    if (object === undefined) return { kind: 'no-node' };
    if (object.instanceId === undefined) return withoutInstance(object);
    instanceId = object.instanceId;
  }
  const mayHaveLost = reasons.includes('moved');
  const asked = { node, instanceId, eniIds: memory.eniIds, mayHaveLost };
  const reading = await readNode(access, asked, signal);
  if (reading.kind !== 'state') {
    memory.instanceId = reading.kind === 'other-instance' ? reading.instanceId : undefined;
    return reading;
  }
  const { state } = reading;
  memory.instanceId = instanceId;
  memory.eniIds = state.enis.filter(hasLedger).map(({ id }) => id);
  return { kind: 'state', state: { ...state, ledgers: usableNow(access, memory, state) } };
}

/** A ledger that could not be written a moment ago is not tried again at once. */
function usableNow(
  { clock, cluster, telemetry }: ReconcileScope['access'],
  { unwritable }: NodeMemory,
  { enis, ledgers, node }: NodeState,
): Ledgers {
  for (const [eniId, until] of unwritable) if (until < clock.now()) unwritable.delete(eniId);
  const of = (eniId: string): ReturnType<Ledgers['of']> =>
    unwritable.has(eniId)
      ? { kind: 'unusable', why: 'refused', detail: 'it could not be written a moment ago' }
      : ledgers.of(eniId);
  for (const { id: eniId, managed } of enis) {
    const reading = ledgers.of(eniId);
    if (!managed || reading?.kind !== 'unusable') continue;
    const { detail, why } = reading;
    const text = 'an ENILedger cannot be read: only what nobody has is assigned on its ENI';
    telemetry.warn(text, { cluster, node, eniId }, { detail, why });
    telemetry.metric('LedgerUnusable', cluster, 1);
  }
  return { of };
}

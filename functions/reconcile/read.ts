import { type NodeReading, readNode, withoutInstance } from '../../shared/state/node-state.ts';
import type { NodeRequest, ReconcileScope } from './scope.ts';

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
 * instance that the Node named last, or that a message names. The Node is asked first only where
 * neither is known.
 */
export async function readAsked(
  { access, memory }: ReconcileScope,
  { node, instanceId: told }: NodeRequest,
  signal?: AbortSignal,
): Promise<NodeReading> {
  let instanceId = memory.instanceId ?? told;
  if (instanceId === undefined) {
    const object = await access.kubernetes.getNode(node, signal);
    if (object === undefined) return { kind: 'no-node' };
    if (object.instanceId === undefined) return withoutInstance(object);
    instanceId = object.instanceId;
  }
  const reading = await readNode(access, node, instanceId, signal);
  if (reading.kind === 'state') memory.instanceId = instanceId;
  else memory.instanceId = reading.kind === 'other-instance' ? reading.instanceId : undefined;
  return reading;
}

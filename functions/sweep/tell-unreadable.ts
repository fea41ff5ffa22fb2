import { createHash } from 'node:crypto';
import type { UnreadableNetwork } from '../../shared/claims/net-attach-def.ts';
import { IGNORE } from '../../shared/cluster/annotations.ts';
import type { EventToWrite } from '../../shared/cluster/kubernetes.ts';
import type { ClusterAccess } from '../../shared/state/cluster-access.ts';
import { writeEvents } from '../write-events.ts';

/** How many one sweep tells of. A log line holds 256 KiB, and Events cost the sweep its time. */
const MAX_TOLD = 100;

/**
 * Tells of the networks that cannot be read: the operator by a log line, each owner by an Event on the
 * NetworkAttachmentDefinition. The Event is written again when Kubernetes has forgotten it.
 */
export async function tellUnreadable(
  access: ClusterAccess,
  unreadable: readonly UnreadableNetwork[],
  signal?: AbortSignal,
): Promise<void> {
  if (unreadable.length === 0) return;
  const { cluster, policy, telemetry } = access;
  const told = namespacesInTurn(unreadable).slice(0, MAX_TOLD);
  telemetry.warn(
    'NetworkAttachmentDefinitions cannot be read',
    { cluster },
    { count: unreadable.length, networks: told.map(text) },
  );
  if (policy.writes) await writeEvents(access, told.map(eventOf), signal);
}

/** First one of each namespace: one that is full of them does not keep the others from being told. */
function namespacesInTurn(unreadable: readonly UnreadableNetwork[]): UnreadableNetwork[] {
  return [...Map.groupBy(unreadable, ({ network }) => network.namespace).values()]
    .flatMap((ofNamespace) => ofNamespace.map((each, turn) => ({ each, turn })))
    .sort((a, b) => a.turn - b.turn)
    .map(({ each }) => each);
}

function text({ network, detail }: UnreadableNetwork): string {
  return `${network.namespace}/${network.name}: ${detail}`;
}

function eventOf({ network, detail }: UnreadableNetwork): EventToWrite {
  return {
    regarding: { kind: 'NetworkAttachmentDefinition', ...network },
    id: createHash('sha256').update(`${network.uid} ${detail}`).digest('hex').slice(0, 32),
    type: 'Warning',
    reason: 'UnreadableNetwork',
    message: `cannot be read (${detail}). What it gives out does not count as a range, and its master is not known. Correct it, or annotate it with ${IGNORE}: "true"`,
  };
}

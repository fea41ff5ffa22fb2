import type { EventToWrite } from '../shared/cluster/kubernetes.ts';
import type { ClusterAccess } from '../shared/state/cluster-access.ts';
import { inTurns } from '../shared/time/in-turns.ts';

/**
 * Writes Events, those of one object in their order: an assignment is told before what is wrong
 * beside it. One that cannot be written is logged.
 */
export async function writeEvents(
  access: ClusterAccess,
  events: readonly EventToWrite[],
  signal?: AbortSignal,
): Promise<void> {
  const byObject = Map.groupBy(events, ({ regarding }) => regarding.uid);
  await inTurns([...byObject.values()], async (ofOne) => {
    for (const event of ofOne) await write(access, event, signal);
  });
}

async function write(
  { clock, cluster, kubernetes, telemetry }: ClusterAccess,
  event: EventToWrite,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await kubernetes.writeEvent({ ...event, at: clock.now() }, signal);
  } catch (error) {
    const { regarding } = event;
    const pod = regarding.kind === 'Pod' ? `${regarding.namespace}/${regarding.name}` : undefined;
    telemetry.error('an Event was not written', { cluster, pod }, error);
  }
}

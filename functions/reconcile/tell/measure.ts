import type { NodeMessage } from '../../../shared/messages/schema.ts';
import { isNewlyAssigned, problemsOf, wanting } from '../../../shared/plan/verdict.ts';
import type { Telemetry } from '../../../shared/telemetry.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import type { NodeResult } from '../reconcile-node.ts';

interface Measuring {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Told in one log line, which CloudWatch would otherwise cut in the middle of its JSON. */
const MAX_PROBLEMS = 20;

/** Emits the metrics and the log line of a reconciled node; an unchanged one has neither. */
export function measure(
  { clock, telemetry }: Measuring,
  { cluster, node }: NodeMessage,
  messages: readonly NodeMessage[],
  result: NodeResult,
): void {
  if (result.kind !== 'reconciled') {
    telemetry.info('nothing to reconcile', { cluster, node }, { because: result.kind });
    return;
  }
  const { verdicts } = result;
  const assigned = verdicts.filter(isNewlyAssigned);
  const problems = problemsOf(result);
  const counts = {
    assigned: assigned.length,
    takenOver: assigned.filter(({ takenFrom }) => takenFrom !== undefined).length,
    released: wanting(verdicts, 'release').filter(({ done }) => done === 'yes').length,
    notAssigned: problems.length,
    foreign: wanting(verdicts, 'foreign').length,
    ignored: result.ignored,
  };
  if (counts.assigned + counts.released + counts.notAssigned > 0) {
    telemetry.info(
      'reconciled',
      { cluster, node },
      { ...counts, problems: problems.slice(0, MAX_PROBLEMS) },
    );
  }
  const metrics = [
    ['AddressesAssigned', counts.assigned],
    ['AddressesTakenOver', counts.takenOver],
    ['AddressesReleased', counts.released],
    ['AddressesNotAssigned', counts.notAssigned],
    ['AddressesForeign', counts.foreign],
  ] as const;
  for (const [name, value] of metrics) if (value > 0) telemetry.metric(name, cluster, value);

  // From the first event of these messages that the forwarder saw. No pod waits from a resync or a
  // sweep on.
  const seen = messages.filter(({ reason }) => reason === 'pods');
  const first = Math.min(...seen.map(({ observedAt }) => Date.parse(observedAt)));
  if (counts.assigned > 0 && seen.length > 0) {
    telemetry.metric('AssignmentLatency', cluster, Math.max(0, clock.now() - first));
  }
}

import { assignDirectly } from './assign-directly.ts';
import { Failure } from './exit-code.ts';
import { watchAddresses } from './ip-monitor.ts';
import type { Outside } from './outside.ts';
import { publish } from './publish.ts';
import { createSeen, type Seen } from './seen.ts';
import { untilOneFails } from './together.ts';

/**
 * Publishes the addresses that come to the pod's interfaces and go, for as long as the pod runs.
 * Where its service account may not, assigns them.
 *
 * @throws Failure where neither is possible, and the signal's reason.
 */
export async function sidecar(outside: Outside, signal: AbortSignal): Promise<never> {
  const { clock, environment, say } = outside;
  const seen = createSeen(clock);
  const watch = { command: environment.ipCommand, clock, say, onAddresses: seen.update };
  return untilOneFails(signal, [
    (either) => watchAddresses(watch, either),
    (either) => serve(outside, seen, either),
  ]);
}

async function serve(outside: Outside, seen: Seen, signal: AbortSignal): Promise<never> {
  const forbidden = await outside.ownPod().then(
    (pod) => publish(outside, pod, seen, signal),
    (error: unknown) => {
      if (error instanceof Failure) return error.message;
      throw error;
    },
  );
  outside.say(
    `floating addresses cannot be published (${forbidden}), and are assigned directly: where the reconciler runs, it releases those that lie in a range again, as nobody claims them`,
  );
  seen.changed.ring();
  return assignDirectly(outside, seen, signal);
}

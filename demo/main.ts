/**
 * `npm run demo [-- options]`: the walkthrough's scenario on this machine, step by step, each of
 * which verifies itself.
 *
 *   --json  print one JSON object in the place of the task list
 *   --keep  leave all of it running until Ctrl-C, with a map, and say what to point kubectl and aws at
 *   --real  play on a real control plane and two real nodes (as root on Linux, after npm run e2e:parts)
 */
import { constants } from 'node:os';
import { optionsOf } from '../scripts/options.ts';
import { keep, keptText } from './keep.ts';
import { play } from './play.ts';
import { startReal } from './real/cluster.ts';
import { failureText, figures, reportOf } from './report.ts';
import { STEPS } from './steps/index.ts';
import { pinged } from './steps/pinged.ts';

const REAL = { startCluster: startReal, steps: [...STEPS, pinged] };

interface Performance {
  readonly json: boolean;
  readonly keep: boolean;
  readonly real: boolean;
  /** Aborted once the process is asked to end. */
  readonly signal: AbortSignal;
}

/** @returns whether all came out as it must. */
async function perform(options: Performance, resources: AsyncDisposableStack): Promise<boolean> {
  const { json, real, signal } = options;
  const played = await play(resources, { silent: json, signal, ...(real && REAL) });
  const report = reportOf(played);
  const { stage } = played;
  if (!report.ok || stage === undefined) {
    console.error(failureText(played));
    if (json) console.log(JSON.stringify(report));
    return false;
  }
  if (!json) console.log(figures(report));
  const kept = options.keep ? await keep(stage, resources) : undefined;
  if (json) console.log(JSON.stringify({ ...report, ...kept }));
  else if (kept) console.log(keptText(kept, stage.world.environment));
  return true;
}

const flag = { type: 'boolean', default: false } as const;
const { values } = optionsOf(import.meta.url, { options: { json: flag, keep: flag, real: flag } });
const ending = new AbortController();
const { promise: signalled, resolve: onSignal } = Promise.withResolvers<NodeJS.Signals>();
for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(name, () => {
    ending.abort();
    onSignal(name);
  });
}
const resources = new AsyncDisposableStack();
const performed = perform({ ...values, signal: ending.signal }, resources);
const first = await Promise.race([performed, signalled]);
if (first === true && values.keep) await signalled;
await resources.disposeAsync();
if (typeof first === 'string') {
  console.error(`Ended by ${first} before all was shown; everything is stopped.`);
  process.exit(128 + constants.signals[first]);
}
process.exit(first ? 0 : 1);

/**
 * `npm run demo`: the walkthrough's scenario on this machine, step by step, each of which
 * verifies itself.
 *
 * `--json` prints one JSON object in the place of the task list. `--keep` goes on with all
 * that runs until SIGTERM or Ctrl-C.
 */
import { constants } from 'node:os';
import { parseArgs } from 'node:util';
import { keep, keptText } from './keep.ts';
import { play } from './play.ts';
import { failureText, figures, reportOf } from './report.ts';

interface Options {
  readonly json: boolean;
  readonly keep: boolean;
  /** Aborted once the process is asked to end. */
  readonly signal: AbortSignal;
}

/** @returns whether all came out as it must. */
async function perform(options: Options, resources: AsyncDisposableStack): Promise<boolean> {
  const { json, signal } = options;
  const played = await play(resources, { silent: json, signal });
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

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
});
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

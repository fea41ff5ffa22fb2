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
}

/** @returns the exit code, unless it is to run on. */
async function perform(
  options: Options,
  resources: AsyncDisposableStack,
): Promise<number | undefined> {
  const played = await play(resources, { silent: options.json });
  const report = reportOf(played);
  const { stage } = played;
  if (!report.ok || stage === undefined) {
    console.error(failureText(played));
    if (options.json) console.log(JSON.stringify(report));
    return 1;
  }
  if (!options.json) console.log(figures(report));
  const kept = options.keep ? await keep(stage, resources) : undefined;
  if (options.json) console.log(JSON.stringify({ ...report, ...kept }));
  else if (kept) console.log(keptText(kept, stage.world.environment));
  return kept ? undefined : 0;
}

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, keep: { type: 'boolean', default: false } },
});
const resources = new AsyncDisposableStack();
const signalled = Promise.withResolvers<NodeJS.Signals>();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => signalled.resolve(signal));
}
const done = { played: false };
const performed = perform(values, resources).then((code) => {
  done.played = true;
  return code ?? signalled.promise.then(() => 0);
});
const interrupted = signalled.promise.then((signal) =>
  done.played ? 0 : 128 + constants.signals[signal],
);
const code = await Promise.race([performed, interrupted]);
await resources.disposeAsync();
process.exit(code);

/**
 * `npm run bench:cold [-- --json]`: how long a new execution environment takes until a function is
 * loaded, and until its first message is done against the sandbox. Whole processes without a compile
 * cache, the shipped bundle and a naive one in turns; medians. Ends with 1 if a target is missed.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionName } from '../scripts/bundle.ts';
import { optionsOf } from '../scripts/options.ts';
import { type Account, startAccount } from './cold-account.ts';
import { type BuiltBundle, buildBundles, type FunctionBundles } from './cold-bundles.ts';
import { type ColdStart, startCold, startEmpty } from './cold-process.ts';

const RUNS = 10;
const MAX_IMPORT_MS = 130;
const MAX_SHARE_OF_NAIVE = 0.6;

interface Figures {
  readonly importMs: number;
  readonly firstMessageMs: number;
  readonly bundleBytes: number;
  readonly zipBytes: number;
}

interface Result extends Figures {
  readonly naive: Figures;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return Math.round((low + high) * 5) / 10;
}

/** One cold start that does something: a pod's address gets assigned, or a sweep finds it missing. */
async function runOnce(name: FunctionName, { file }: BuiltBundle, account: Account) {
  const { address, event } = await account.addWaitingPod();
  const { environment, ec2 } = account.world;
  const start = await startCold({ file, name, event }, environment);
  if (name === 'reconcile' && ec2.holderOf(address) === undefined) {
    throw new Error(`${file} did not assign ${address}: ${JSON.stringify(start.answer)}`);
  }
  return start;
}

async function measure({ name, shipped, naive }: FunctionBundles): Promise<Result> {
  const account = await startAccount();
  try {
    const [ours, theirs]: [ColdStart[], ColdStart[]] = [[], []];
    // The first of each warms the disk's cache, and the sandbox.
    await runOnce(name, shipped, account);
    await runOnce(name, naive, account);
    for (let run = 0; run < RUNS; run += 1) {
      ours.push(await runOnce(name, shipped, account));
      theirs.push(await runOnce(name, naive, account));
    }
    return { ...figuresOf(shipped, ours), naive: figuresOf(naive, theirs) };
  } finally {
    await account.world.stop();
  }
}

function figuresOf({ bundleBytes, zipBytes }: BuiltBundle, starts: readonly ColdStart[]): Figures {
  return {
    importMs: median(starts.map(({ importMs }) => importMs)),
    firstMessageMs: median(starts.map(({ firstMessageMs }) => firstMessageMs)),
    bundleBytes,
    zipBytes,
  };
}

function line(title: string, { importMs, firstMessageMs, bundleBytes, zipBytes }: Figures): string {
  const cells = [
    `${importMs.toFixed(0)} ms`,
    `${firstMessageMs.toFixed(0)} ms`,
    `${(bundleBytes / 1000).toFixed(0)} kB`,
    `${(zipBytes / 1000).toFixed(0)} kB`,
  ];
  return title.padEnd(18) + cells.map((cell) => cell.padStart(16)).join('');
}

const { values } = optionsOf(import.meta.url, {
  options: { json: { type: 'boolean', default: false } },
});
const say = (text: string): void => void (values.json || console.log(text));
const folder = await mkdtemp(join(tmpdir(), 'bench-cold-'));
try {
  const bundles = await buildBundles(folder);
  const empty: number[] = [];
  for (let run = 0; run < RUNS; run += 1) empty.push(await startEmpty());
  say(`Medians of ${RUNS} processes; Node alone takes ${median(empty).toFixed(0)} ms.\n`);
  const titles = ['loaded', 'first message', 'bundle', 'zip'];
  say(' '.repeat(18) + titles.map((title) => title.padStart(16)).join(''));

  const results: Partial<Record<FunctionName, Result>> = {};
  for (const bundle of bundles) {
    const result = await measure(bundle);
    results[bundle.name] = result;
    say(line(bundle.name, result));
    say(line(`  naive`, result.naive));
    const share = result.firstMessageMs / result.naive.firstMessageMs;
    say(`  the first message takes ${share.toFixed(2)} of the naive bundle's time\n`);
    if (share > MAX_SHARE_OF_NAIVE) process.exitCode = 1;
  }
  if ((results.reconcile?.importMs ?? 0) >= MAX_IMPORT_MS) process.exitCode = 1;
  say(
    `Targets: reconcile loaded in under ${MAX_IMPORT_MS} ms, first messages in at most ` +
      `${MAX_SHARE_OF_NAIVE} of the naive time: ${process.exitCode === 1 ? 'missed' : 'met'}.`,
  );
  if (values.json) console.log(JSON.stringify(results, undefined, 2));
} finally {
  await rm(folder, { recursive: true, force: true });
}

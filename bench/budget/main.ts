/**
 * `npm run bench:budget [-- --json] [--only NAME]… [--seed 1]… [--nodes 100] [--read 100] [--write 300]
 * [--details]`
 *
 * What the product costs in EC2 calls and time, and what it leaves to others, under the token buckets
 * that AWS documents. The real forwarder, functions and SDK run on the sandbox, on virtual time, so the
 * figures depend on no machine.
 * - `--read` and `--write` are how many milliseconds EC2's calls take.
 * - `--json` prints `{ assign, unassign, refused, throttled, seconds, p50Ms, p99Ms, … }` by scenario,
 *   or a list of these for several seeds, and judges nothing; see figures.ts.
 * - The table has median, worst and goal of each figure. The program ends with 1 if a goal is missed.
 */
import { availableParallelism } from 'node:os';
import { optionsOf, refuse } from '../../scripts/options.ts';
import { playInThread } from './in-thread.ts';
import { type Answer, type Order, order } from './play.ts';
import { isWithin, tableOf } from './report.ts';
import { isScenario, SCENARIOS, type ScenarioName, TROUBLES } from './scenarios/index.ts';

const { values } = optionsOf(import.meta.url, {
  options: {
    json: { type: 'boolean', default: false },
    details: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', multiple: true, default: ['1'] },
    nodes: { type: 'string', default: '100' },
    read: { type: 'string', default: '100' },
    write: { type: 'string', default: '300' },
  },
});

/** Those that take longest first. */
const ORDER = [
  ...['tenClusters', 'fortyClusters'],
  ...['largeBurst', 'forwarderRestart', 'rollout', 'quietPod', 'replaced', 'deletion', 'churn'],
  ...['neighbourThree', 'neighbourThirty', 'neighbour', 'burstRaised', 'burst'],
  ...[
    'noLag',
    'lag',
    'longLag',
    'quietChurn',
    'drain',
    'throttlesAll',
    'isSlow',
    'hasRaisedLimits',
    'servesAnother',
  ],
];

function wanted(): ScenarioName[] {
  const names = Object.keys(SCENARIOS).filter(isScenario);
  if (values.only.length === 0) return names;
  const all = [...names, ...Object.keys(TROUBLES).filter(isScenario)];
  const unknown = values.only.find((name) => !isScenario(name));
  if (unknown !== undefined) refuse(`there is no ${unknown}; there are ${all.join(', ')}`);
  return all.filter((name) => values.only.includes(name));
}

function orderOf(scenario: ScenarioName, seed: number): Order {
  const nodes = Number(values.nodes);
  const [ec2ReadMs, ec2WriteMs] = [Number(values.read), Number(values.write)];
  return order.parse({ scenario, seed, nodes, ec2ReadMs, ec2WriteMs });
}

const names = wanted();
const todo = names
  .toSorted((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b))
  .flatMap((name) => values.seed.map((seed, at) => ({ name, seed: Number(seed), at })));
const answers = new Map<ScenarioName, Answer[]>(names.map((name) => [name, []]));
const playOn = async (): Promise<void> => {
  for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
    const answer = await playInThread(orderOf(next.name, next.seed));
    const runs = answers.get(next.name);
    if (runs !== undefined) runs[next.at] = answer;
  }
};
await Promise.all(Array.from({ length: availableParallelism() }, playOn));

const results = new Map(
  [...answers].map(([name, runs]) => [name, runs.map(({ figures }) => figures)] as const),
);
if (values.json) {
  const printed = [...results].map(([name, runs]) => [name, runs.length > 1 ? runs : runs[0]]);
  console.log(JSON.stringify(Object.fromEntries(printed), undefined, 2));
} else {
  console.log(tableOf(results));
  if (!isWithin(results)) process.exitCode = 1;
}
if (values.details) {
  for (const [name, runs] of answers) {
    for (const { details } of runs) {
      console.error(name);
      for (const [what, count] of Object.entries(details)) console.error(`  ${what}: ${count}`);
    }
  }
}

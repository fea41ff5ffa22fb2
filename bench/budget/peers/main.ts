/**
 * `npm run bench:peers [-- --json] [--only NAME]… [--seed 1] [--nodes 100]`
 *
 * Plays the scenarios of `bench:budget` with the EC2 calls of two other ways to the same end:
 * aws-samples' init container and DaemonSet (patterns.ts). Virtual time, latencies and token buckets
 * are the same. Only the calls are theirs: neither Python nor a cluster runs, so their cost is left
 * out.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import Table from 'cli-table3';
import { optionsOf, refuse } from '../../../scripts/options.ts';
import { isScenario, SCENARIOS, type ScenarioName } from '../scenarios/index.ts';
import { type PeerFigures, type PeerOrder, peerFigures } from './play.ts';

const PEERS = ['initContainer', 'daemonSet'] as const;

const { values } = optionsOf(import.meta.url, {
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    nodes: { type: 'string', default: '100' },
  },
});

function playInThread(order: PeerOrder): Promise<PeerFigures> {
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: order,
    // The SDK reads the machine's settings at its first call.
    env: { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' },
  });
  return new Promise((resolve, reject) => {
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error(`${order.scenario} ended without an answer`)));
    thread.once('message', (message) => {
      const parsed = peerFigures.safeParse(message);
      if (parsed.success) resolve(parsed.data);
      else reject(parsed.error);
      void thread.terminate();
    });
  });
}

function tableOf(results: ReadonlyMap<string, PeerFigures>): string {
  const head = [
    '',
    'Describe',
    'Assign',
    'throttled',
    's',
    'p50 ms',
    'p99 ms',
    'neighbour refused %',
  ];
  const table = new Table({
    head: [...head, 'lost', 'leaked'],
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...head.map(() => 'right' as const), 'right'],
  });
  for (const [name, figures] of results) {
    const { describe, assign, throttled, seconds, p50Ms, p99Ms, neighbourRefused } = figures;
    const times = [seconds, p50Ms, p99Ms].map((time) => time ?? 'never');
    const { lost, leaked } = figures;
    table.push([name, describe, assign, throttled, ...times, neighbourRefused, lost, leaked]);
  }
  return table.toString();
}

const names: ScenarioName[] = Object.keys(SCENARIOS).filter(isScenario);
const unknown = values.only.find((name) => !isScenario(name));
if (unknown !== undefined) refuse(`there is no ${unknown}; there are ${names.join(', ')}`);
const wanted = names.filter((name) => values.only.length === 0 || values.only.includes(name));
const orders = wanted.flatMap((scenario) =>
  PEERS.map(
    (peer): PeerOrder => ({
      peer,
      scenario,
      seed: Number(values.seed),
      nodes: Number(values.nodes),
    }),
  ),
);
const nameOf = ({ scenario, peer }: PeerOrder): string => `${scenario}, ${peer}`;
const played = new Map<string, PeerFigures>();
const todo = orders.values();
const playOn = async (): Promise<void> => {
  for (const order of todo) played.set(nameOf(order), await playInThread(order));
};
await Promise.all(Array.from({ length: availableParallelism() }, playOn));
const results = new Map(
  orders.map(nameOf).flatMap((name) => {
    const figures = played.get(name);
    return figures === undefined ? [] : [[name, figures] as const];
  }),
);
console.log(
  values.json ? JSON.stringify(Object.fromEntries(results), undefined, 2) : tableOf(results),
);

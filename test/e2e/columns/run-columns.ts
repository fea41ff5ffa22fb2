import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { reportAt } from '../../../scripts/test-report.ts';
import { COLUMN_NAMES } from '../../support/columns.ts';
import { startMoto } from '../moto.ts';
import { pythonTools } from '../python-tools.ts';
import { startPlanes, variablesOf } from './planes.ts';
import { outcomesOf } from './report.ts';
import { type ColumnOutcomes, outcomeTable } from './table.ts';

const REPORTS = '.build/columns';
const SCENARIOS = ['--config', 'vitest.columns.config.ts'];
const EMBEDDED = 'embedded';
const REAL_API_SERVER = 'kube-apiserver, by itself';
/** Each embedded scenario has its own parts; the others share theirs. */
const SIDE_BY_SIDE = '--maxWorkers=2';
const KUBERNETES_RULES = [
  'dry-run',
  'finalizers',
  'media-types',
  'namespaces',
  'pod-rows',
  'pod-updates',
  'protobuf',
  'requests',
  'selectors',
  'tables',
].map((subject) => `test/unit/sandbox/kubernetes-${subject}.test.ts`);
const SQS_RULES = ['deduplication', 'groups', 'redrive', 'requests', 'visibility'].map(
  (subject) => `test/unit/sandbox/sqs-${subject}.test.ts`,
);

export interface Scenarios {
  readonly passed: number;
  /** A line for each that failed. */
  readonly failures: readonly string[];
  /** Scenario × column, and what became of each. */
  readonly table: string;
}

/**
 * Runs the scenarios on every column, the rules of Kubernetes on a real API server, and those of SQS
 * on moto's.
 */
export async function runColumns(): Promise<Scenarios> {
  const embedded = await runTests(EMBEDDED, [...SCENARIOS, SIDE_BY_SIDE], { COLUMN: EMBEDDED });
  const names = COLUMN_NAMES.filter((name) => name !== EMBEDDED);
  const onPlanes = await runOnPlanes([...names, REAL_API_SERVER]);
  const columns = [embedded, ...onPlanes.filter(({ name }) => name !== REAL_API_SERVER)];
  const kubernetes = onPlanes.filter(({ name }) => name === REAL_API_SERVER);
  const sqs = await runSqsRules();
  const all = [...columns, ...kubernetes, ...sqs];
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failures: all.flatMap(({ failures }) => failures),
    table: [
      `\nThe scenarios\n${outcomeTable(columns)}`,
      `\nThe rules of Kubernetes\n${outcomeTable(kubernetes)}`,
      `\nThe rules of SQS\n${outcomeTable(sqs)}`,
    ].join('\n'),
  };
}

/** Runs the columns, and the rules of Kubernetes, one after the other on the same control planes. */
function runOnPlanes(names: readonly string[]): Promise<Ran[]> {
  return runOn(names, startPlanes, (name, planes) =>
    name === REAL_API_SERVER
      ? runTests(name, KUBERNETES_RULES, { API_SERVER: JSON.stringify(planes.planes[0]) })
      : runTests(name, SCENARIOS, { COLUMN: name, ...variablesOf(planes) }),
  );
}

function runSqsRules(): Promise<Ran[]> {
  const start = async () => startMoto((await pythonTools())('moto_server'));
  return runOn(["moto's SQS"], start, (name, { endpoint }) =>
    runTests(name, SQS_RULES, { SQS_ENDPOINT: endpoint }),
  );
}

/**
 * Runs each on the same parts. What could not run has failed, and if the parts did not end, so has the
 * last that ran on them.
 */
async function runOn<P extends { stop(): Promise<void> }>(
  names: readonly string[],
  start: () => Promise<P>,
  run: (name: string, parts: P) => Promise<Ran>,
): Promise<Ran[]> {
  const ran = names.map(
    (name): Ran => ({ name, outcomes: new Map(), passed: 0, failures: [`${name} did not run`] }),
  );
  try {
    const parts = await start();
    try {
      for (const [index, name] of names.entries()) ran[index] = await run(name, parts);
    } finally {
      await parts.stop();
    }
  } catch (error) {
    console.error(error);
    const last = ran.pop();
    if (last === undefined) return ran;
    const failures =
      last.failures.length > 0 ? last.failures : [`the parts of ${last.name} did not end`];
    ran.push({ ...last, failures });
  }
  return ran;
}

type Ran = ColumnOutcomes & Pick<Scenarios, 'passed' | 'failures'>;

async function runTests(
  name: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
): Promise<Ran> {
  const report = reportAt(join(REPORTS, `${name.replaceAll(/\W/g, '-')}.json`), 'dot');
  const vitest = spawn('vitest', ['run', ...report.args, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...variables },
  });
  // All at once, since other tests write meanwhile.
  const written = Promise.all([text(vitest.stdout), text(vitest.stderr)]);
  const [status] = await once(vitest, 'close');
  console.log(`\nOn ${name}:\n${(await written).join('')}`);
  const json = report.read();
  const { passed, failures } = report.counts(status === 0);
  return {
    name,
    outcomes: json === undefined ? new Map() : outcomesOf(json),
    passed,
    failures: failures.map((failure) => `on ${name}: ${failure}`),
  };
}

import { stripVTControlCharacters } from 'node:util';
import type { Latency } from './latency.ts';
import type { PlayedDemo, PlayedStep } from './play.ts';
import { MissingForReal } from './real/obstacles.ts';
import type { DemoStage } from './stage.ts';

/** What `--json` prints. */
export interface Report {
  readonly ok: boolean;
  readonly steps: readonly PlayedStep[];
  /** From the annotation being written to the address being on its ENI. */
  readonly latencyMs: Latency;
  /** How often the product called EC2, by action. */
  readonly ec2Calls: Readonly<Record<string, number>>;
}

export function reportOf({ steps, stage, error }: PlayedDemo): Report {
  return {
    ok: error === undefined,
    steps,
    latencyMs: stage?.latency?.result() ?? { p50: 0, p99: 0, n: 0 },
    ec2Calls: callsByAction(stage),
  };
}

function callsByAction(stage: DemoStage | undefined): Record<string, number> {
  const byAction = Map.groupBy(stage?.calls ?? [], ({ action }) => action);
  return Object.fromEntries(
    [...byAction].map(([action, calls]) => [action, calls.length] as const).sort(),
  );
}

/** The figures for people. */
export function figures({ latencyMs: { p50, p99, n }, ec2Calls }: Report): string {
  const calls = Object.entries(ec2Calls).map(([action, count]) => `${count} ${action}`);
  return [
    '',
    `Annotation written to address on its ENI: p50 ${p50} ms, p99 ${p99} ms (${n} addresses)`,
    `EC2 calls: ${calls.join(', ')}`,
    '',
    'sampleapp and sampleapp-2 both claimed 172.16.1.70. Why one had it, and what is where (docs/operator.md):',
    '  npm run demo -- --keep                                               serves the map, and prints what it needs for',
    '  npm run multus-eni -- explain pod default/sampleapp-2 --stage demo',
  ].join('\n');
}

/** Where it happened is of interest unless it is what this machine lacks. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof MissingForReal) return error.message;
  return error.stack ?? error.message;
}

const LINES_SHOWN = 20;

/** Why it failed, and the last that functions and forwarder had to say. */
export function failureText({ steps, stage, error }: PlayedDemo): string {
  const reason = reasonOf(error);
  const warnings = (stage?.product.log ?? [])
    .filter((line) => /"level":("(WARN|ERROR|CRITICAL)"|[456]0)|^[^{]/.test(line))
    .slice(-LINES_SHOWN);
  return [
    `The demo failed at: ${steps.at(-1)?.name}`,
    stripVTControlCharacters(reason),
    ...(warnings.length === 0 ? [] : ['Logged by functions and forwarder:', ...warnings]),
  ].join('\n');
}

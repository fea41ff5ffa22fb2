import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { World } from '../../sandbox/world.ts';
import type { CpuShare } from '../support/cpu-share.ts';

export const MEMORY_MIB = 512;
/** What Lambda leaves to the heap: the rest is Node's own, and buffers. */
const HEAP_MIB = 460;

/** What one sweep took. */
export interface SweepFigures {
  readonly ec2Calls: number;
  readonly kubernetesCalls: number;
  readonly throttled: number;
  readonly seconds: number;
  /** Of the processor. */
  readonly cpuSeconds: number;
  /** Of the process so far. */
  readonly peakMiB: number;
}

/**
 * Sweeps again each time that its input says so, in one process: what the first sweep learned is there
 * in the second. Telemetry's metrics would mix with other output, so figures go out by a pipe of their own.
 */
const RUNTIME = `
const { writeSync } = require('node:fs');
const { file, event } = JSON.parse(process.argv[1]);
const { handler } = require(file);
const context = { functionName: 'sweep', awsRequestId: 'bench', memoryLimitInMB: '${MEMORY_MIB}',
  getRemainingTimeInMillis: () => 600000 };
let waiting = Promise.resolve();
const sweep = async () => {
  const [begun, before] = [performance.now(), process.cpuUsage()];
  await handler(event, context);
  const { user, system } = process.cpuUsage(before);
  writeSync(3, JSON.stringify({ seconds: (performance.now() - begun) / 1000,
    cpuSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024 }) + '\\n');
};
process.stdin.on('data', () => { waiting = waiting.then(sweep); }).on('end', () => waiting.then(() => process.exit()));
`;

const measured = z.object({ seconds: z.number(), cpuSeconds: z.number(), peakMiB: z.number() });

/**
 * Runs the deployed bundle in a process of its own, with the heap that a function has.
 *
 * @param file the bundle.
 * @returns the figures of each sweep, in turn.
 */
export async function sweepInTurn(
  world: World,
  file: string,
  { cpu, times }: { readonly cpu: CpuShare; readonly times: number },
): Promise<SweepFigures[]> {
  const argument = JSON.stringify({ file, event: { cluster: world.cluster.name } });
  const heap = `--max-old-space-size=${HEAP_MIB}`;
  const [command, ...args] = cpu.within([process.execPath, heap, '-e', RUNTIME, argument]);
  const child = spawn(command, args, {
    env: { ...world.environment, POWERTOOLS_METRICS_NAMESPACE: 'bench' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [stdin, stdout, stderr, result] = [...child.stdio];
  if (!(stdin && 'write' in stdin && result && 'read' in result && stdout && stderr)) {
    throw new Error('no pipes');
  }
  const ended = once(child, 'close');
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const lines = result[Symbol.asyncIterator]();
  const all: SweepFigures[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    world.ec2.calls.clear();
    world.cluster.kubernetes.forgetCalls();
    stdin.write('\n');
    const { value } = await lines.next();
    const parsed = measured.safeParse(value === undefined ? undefined : JSON.parse(String(value)));
    if (!parsed.success)
      throw new Error(`the sweep failed:\n${(await output).join('').slice(-4_000)}`);
    all.push({ ...countCalls(world), ...parsed.data });
  }
  stdin.end();
  await ended;
  const failures = (await output)[0].split('\n').filter((line) => line.includes('was not swept'));
  if (failures.length > 0) throw new Error(failures.join('\n'));
  return all;
}

function countCalls(world: World) {
  const ec2 = world.ec2.calls.all();
  const throttled = ec2.filter(
    ({ outcome }) => outcome.kind === 'refused' && outcome.code === 'RequestLimitExceeded',
  );
  return {
    ec2Calls: ec2.length,
    throttled: throttled.length,
    kubernetesCalls: world.cluster.kubernetes.calls.length,
  };
}

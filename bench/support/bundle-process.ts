import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { CpuShare } from './cpu-share.ts';

/** The memory of both functions, as they are deployed. */
export const MEMORY_MIB = 512;
/**
 * The heap that Lambda gives to Node (/var/runtime/bootstrap of the runtime's image). Each half of the
 * young generation has a twentieth of the memory. The old generation has nine tenths.
 */
const YOUNG_MIB = Math.floor(MEMORY_MIB / 20);
const OLD_MIB = MEMORY_MIB - Math.floor(MEMORY_MIB / 10);

/**
 * Invokes the handler with each line of its input, one after another in one process: what the first
 * invocation learned is there in the next. Logs and metrics go to the output, figures to a pipe.
 */
const RUNTIME = `
const { writeSync } = require('node:fs');
const { createInterface } = require('node:readline');
const { file, name } = JSON.parse(process.argv[1]);
const { handler } = require(file);
const context = { functionName: name, awsRequestId: 'bench', memoryLimitInMB: '${MEMORY_MIB}',
  getRemainingTimeInMillis: () => 600000 };
const invoke = async (event) => {
  const [begun, before] = [performance.now(), process.cpuUsage()];
  const answer = await handler(event, context);
  const { user, system } = process.cpuUsage(before);
  writeSync(3, JSON.stringify({ seconds: (performance.now() - begun) / 1000, answer,
    cpuSeconds: (user + system) / 1e6, peakMiB: process.resourceUsage().maxRSS / 1024 }) + '\\n');
};
(async () => {
  for await (const line of createInterface({ input: process.stdin })) await invoke(JSON.parse(line));
  process.exit();
})();
`;

const measured = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  peakMiB: z.number(),
  answer: z.unknown().optional(),
});

/** What an invocation took. */
export interface Invocation {
  readonly seconds: number;
  /** Of the processor. */
  readonly cpuSeconds: number;
  /** Of the process so far. */
  readonly peakMiB: number;
  readonly answer?: unknown;
}

/** A function that is kept warm. */
export interface BundleProcess {
  /** @throws an Error with what the function wrote last, if it fails. */
  invoke(event: unknown): Promise<Invocation>;
  /** @returns what the function wrote. */
  end(): Promise<string>;
}

/** Runs a deployed bundle in a process of its own, with the heap and the share that a function has. */
export function startBundle(
  { file, name }: { readonly file: string; readonly name: string },
  environment: Readonly<Record<string, string>>,
  cpu: CpuShare,
): BundleProcess {
  const heap = [`--max-semi-space-size=${YOUNG_MIB}`, `--max-old-space-size=${OLD_MIB}`];
  const argument = JSON.stringify({ file, name });
  const [command, ...args] = cpu.within([process.execPath, ...heap, '-e', RUNTIME, argument]);
  const child = spawn(command, args, {
    env: { ...environment, POWERTOOLS_METRICS_NAMESPACE: 'bench' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const result = child.stdio[3];
  if (!(child.stdin && child.stdout && child.stderr && result && 'read' in result)) {
    throw new Error('a child process without pipes');
  }
  const { stdin } = child;
  const ended = once(child, 'close');
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((all) =>
    all.join('\n'),
  );
  const answers = createInterface({ input: result })[Symbol.asyncIterator]();
  return {
    async invoke(event) {
      stdin.write(`${JSON.stringify(event)}\n`);
      const { value } = await answers.next();
      if (value === undefined) throw new Error(`${name} failed:\n${(await output).slice(-4_000)}`);
      return measured.parse(JSON.parse(value));
    },
    async end() {
      stdin.end();
      await ended;
      return output;
    },
  };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { json, text } from 'node:stream/consumers';
import * as z from 'zod';

/**
 * What Lambda's runtime does, and no more: load the handler, and call it. It is given to Node as
 * text, so that nothing else is read or compiled before the bundle.
 */
const RUNTIME = `
const { writeSync } = require('node:fs');
const now = () => performance.timeOrigin + performance.now();
const { file, event, name } = JSON.parse(process.argv[1]);
const { handler } = require(file);
const importedAt = now();
const context = { functionName: name, awsRequestId: 'bench', memoryLimitInMB: '512',
  getRemainingTimeInMillis: () => 60000 };
handler(event, context).then((answer) => {
  writeSync(3, JSON.stringify({ importedAt, doneAt: now(), answer }));
  process.exit();
});
`;

const measured = z.object({
  importedAt: z.number(),
  doneAt: z.number(),
  answer: z.unknown().optional(),
});

export interface ColdStart {
  /** From the start of the process until its handler is there. */
  readonly importMs: number;
  /** From the start of the process until its handler has answered. */
  readonly firstMessageMs: number;
  readonly answer: unknown;
}

/** @throws an Error with what the process wrote, if it fails. */
export async function startCold(
  invocation: { readonly file: string; readonly name: string; readonly event: unknown },
  environment: Readonly<Record<string, string>>,
): Promise<ColdStart> {
  const startedAt = performance.timeOrigin + performance.now();
  const child = spawn(process.execPath, ['-e', RUNTIME, JSON.stringify(invocation)], {
    env: { ...environment, NODE_DISABLE_COMPILE_CACHE: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [stdout, stderr, result] = [child.stdout, child.stderr, child.stdio[3]];
  if (stdout === null || stderr === null || result === null || result === undefined) {
    throw new Error('a child process without pipes');
  }
  const [logs, errors, output] = await Promise.all([
    ...[text(stdout), text(stderr)],
    'read' in result ? json(result).catch(() => undefined) : undefined,
    once(child, 'close'),
  ]);
  const read = measured.safeParse(output);
  if (!read.success) throw new Error(`${invocation.file} failed:\n${logs}${errors}`);
  const { importedAt, doneAt, answer } = read.data;
  return { importMs: importedAt - startedAt, firstMessageMs: doneAt - startedAt, answer };
}

/** How long Node alone takes to start, in milliseconds. */
export async function startEmpty(): Promise<number> {
  const startedAt = performance.timeOrigin + performance.now();
  const child = spawn(process.execPath, ['-p', 'performance.timeOrigin + performance.now()'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return Number(await text(child.stdout)) - startedAt;
}

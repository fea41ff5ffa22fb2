import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';

const MAIN = resolve(import.meta.dirname, '../../../cli/main.ts');

const answer = z.object({
  rows: z.array(
    z.object({
      check: z.string(),
      node: z.string(),
      to: z.string().optional(),
      result: z.enum(['ok', 'failed', 'skipped']),
      code: z.string().optional(),
      text: z.string(),
    }),
  ),
  left: z.array(z.string()),
});
type Rows = z.infer<typeof answer>['rows'];

/** A probe that runs, as a process of its own. */
export interface Probing {
  /** As Ctrl-C, `kill` and `kill -9` do. */
  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void;
  /** @returns the exit code, or the signal that ended it, and what was printed. */
  readonly ended: Promise<{
    readonly code: number | string;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

/**
 * Runs `multus-eni probe`.
 *
 * @param environment AWS's, with KUBECONFIG.
 */
export function startProbe(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Probing {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, 'probe', ...args], {
    env: { HOME: join(tmpdir(), 'nobody'), PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<number | string>((done) => {
    child.once('close', (code, signal) => done(code ?? signal ?? -1));
  });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  return {
    signal: (name) => void child.kill(name),
    ended: Promise.all([exited, said]).then(([code, [stdout, stderr]]) => {
      return { code, stdout, stderr };
    }),
  };
}

/** What a probe with `--json` found. */
export function rowsIn(stdout: string): Rows {
  const { rows, left } = answer.parse(JSON.parse(stdout));
  if (left.length > 0) throw new Error(`${left.join(', ')} was left`);
  return rows;
}

/** A failure as `code: check of a: text`, or `code: check from a to b: text`; `a` is the first node. */
export function failuresIn(rows: Rows, nodes: readonly string[]): string[] {
  const letters = new Map(nodes.map((node, index) => [node, 'ab'.charAt(index)]));
  const short = (text: string) =>
    [...letters].reduce((so, [node, letter]) => so.replaceAll(node, letter), text);
  return rows
    .filter(({ result }) => result === 'failed')
    .map(({ code, check, node, to, text: said }) => {
      const where = to === undefined ? `of ${node}` : `from ${node} to ${to}`;
      return short(`${code}: ${check} ${where}: ${said}`);
    });
}

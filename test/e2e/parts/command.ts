import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input?: string;
  /** Told each line that it writes to standard error. */
  readonly onLine?: (line: string) => void;
}

/** A command that could not be started, or ended otherwise than with 0. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code: number | string;

  constructor(command: string, code: number | string, said: string) {
    super(`${command} failed (${code})${said === '' ? '' : `: ${said}`}`);
    this.code = code;
  }
}

/**
 * Runs a command to its end. @returns what it wrote to standard output.
 *
 * @throws CommandFailed with the end of what it said.
 */
export async function run(
  [program = '', ...args]: readonly string[],
  { cwd, env, input, onLine }: CommandOptions = {},
): Promise<string> {
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env } });
  const out: Buffer[] = [];
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
    for (const line of text.split('\n')) if (line.trim() !== '') onLine?.(line.trim());
  });
  // A program that ends without reading is told of by its exit code.
  child.stdin.on('error', () => undefined).end(input ?? '');
  const code = await new Promise<number | string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status, signal) => resolve(status ?? signal ?? 'ended'));
  });
  const stdout = Buffer.concat(out).toString();
  if (code === 0) return stdout;
  throw new CommandFailed([program, ...args].join(' '), code, said.trim() || stdout.trim());
}

/** What a command writes, or `undefined` if it fails or is not there. */
export async function tryRun(
  command: readonly string[],
  options?: CommandOptions,
): Promise<string | undefined> {
  try {
    return await run(command, options);
  } catch (error) {
    if (error instanceof CommandFailed) return undefined;
    throw error;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type CommandOptions, run as runCommand } from '../parts/command.ts';
import { childrenOf, descendantsOf, signal, until } from './processes.ts';
import type { Run } from './run.ts';

/** A program that runs until it is killed. */
export interface Daemon {
  readonly running: boolean;
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>;
  /** What it has logged so far. */
  log(): string;
}

/** Somewhere programs run: this machine itself, or a set of namespaces. */
export interface Machine {
  readonly name: string;
  /** Runs a command to its end. @returns its output. */
  run(command: readonly string[], options?: CommandOptions): Promise<string>;
  start(name: string, command: readonly string[], env?: Readonly<Record<string, string>>): Daemon;
}

/** A command whose output is read as it comes. */
export interface Followed {
  readonly output: Readable;
  /** As Ctrl-C does. */
  interrupt(): void;
}

/** A machine of its own: net, mount, uts, ipc and pid namespaces. */
export interface NamespaceMachine extends Machine {
  /** Its first process, as this machine numbers it. */
  readonly pid: number;
  /** Where this machine finds its root folder. */
  readonly root: string;
  follow(command: readonly string[]): Followed;
  /** Runs shell commands in its network namespace only: programs and files are this machine's. */
  network(script: string): Promise<void>;
  /** Starts a program of this machine that ends when the machine does. */
  startOutside(name: string, command: readonly string[]): Daemon;
  /** As by its power button: everything in it ends at once. */
  powerOff(): Promise<void>;
}

const SBIN = '/usr/local/sbin:/usr/sbin:/sbin';
/** Programs in Go collect their garbage less often: there is more memory than time. */
const environment = { ...process.env, PATH: `${process.env.PATH}:${SBIN}`, GOGC: '400' };

/** This machine. Its daemons end with this program, also if that is killed. */
export function hostMachine(run: Run): Machine {
  return {
    name: 'host',
    run: (command, options) => runCommand(command, options),
    start: (name, command, env) =>
      startDaemon(run, name, ['setpriv', '--pdeathsig', 'KILL', '--', ...command], env),
  };
}

/**
 * Its first process: it sets up the machine, then reaps orphans until its standard input ends,
 * which it does when this program goes, however it goes. The kernel ends the rest of a pid
 * namespace with its first process, and the other namespaces when nobody is left in them.
 */
const INIT = `
set -e
exec 3<&0 </dev/null
ip link set lo up
eval "$1"
echo ready
trap : CHLD
cat <&3 >/dev/null & reader=$!
while kill -0 $reader 2>/dev/null; do wait $reader || true; done
`;
const NAMESPACES = ['--net', '--mount', '--uts', '--ipc', '--pid'];
const KILLED_TOGETHER = ['--fork', '--kill-child', '--mount-proc'];

/**
 * Makes a machine.
 *
 * @param setUp shell commands that its first process runs in it, as root.
 * @throws Error with what they said, if they fail.
 */
export async function startMachine(run: Run, name: string, setUp = ''): Promise<NamespaceMachine> {
  const command = [...NAMESPACES, ...KILLED_TOGETHER, 'bash', '-c', INIT, name, setUp];
  const holder = spawn('unshare', command, { env: environment });
  let said = '';
  holder.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  holder.stdin.on('error', () => undefined);
  const ended = once(holder, 'exit');
  run.record(holder.pid ?? 0);
  await Promise.race([
    once(holder.stdout, 'data'),
    ended.then(() => {
      throw new Error(`the machine ${name} could not be set up: ${said.trim()}`);
    }),
  ]);
  const [pid] = childrenOf(holder.pid ?? 0);
  if (pid === undefined) throw new Error(`the machine ${name} is gone: ${said.trim()}`);
  const enter = (...namespaces: string[]) => ['nsenter', '-t', String(pid), ...namespaces, '--'];
  const inside = enter('-n', '-m', '-u', '-i', '-p');
  const startIn = (where: string[], daemon: string, what: readonly string[], env = {}) =>
    startDaemon(run, `${name}-${daemon}`, [...where, ...what], env);

  return {
    name,
    pid,
    root: `/proc/${pid}/root`,
    run: (what, options) =>
      runCommand([...inside, ...what], { ...options, env: { ...environment, ...options?.env } }),
    async network(script) {
      const env = { PATH: environment.PATH };
      await runCommand([...enter('-n'), 'sh', '-ec', script], { env });
    },
    follow: (what) => follow(run, [...inside, ...what]),
    start: (daemon, what, env) => startIn(inside, daemon, what, env),
    startOutside: (daemon, what) => startIn(enter('-p'), daemon, what),
    async powerOff() {
      holder.stdin.destroy();
      holder.kill('SIGKILL');
      await ended;
      await until(() => childrenOf(holder.pid ?? 0).length === 0, `${name} to power off`);
    },
  };
}

function follow(run: Run, [program = '', ...args]: readonly string[]): Followed {
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  const child = spawn(program, args, { stdio, env: environment });
  run.record(child.pid ?? 0);
  return {
    output: child.stdout,
    interrupt() {
      for (const pid of descendantsOf(child.pid ?? 0)) signal(pid, 'SIGINT');
    },
  };
}

function startDaemon(
  run: Run,
  name: string,
  [program = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Daemon {
  const log = openLog(run, name);
  const child = spawn(program, args, {
    stdio: ['ignore', log.file, log.file],
    env: { ...environment, ...env },
    cwd: run.directory,
  });
  closeSync(log.file);
  run.record(child.pid ?? 0);
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    get running() {
      return isAlive(child);
    },
    async kill() {
      // nsenter waits for the program that it started, and ends with it.
      const started = program === 'nsenter' ? childrenOf(child.pid ?? 0) : [];
      for (const pid of started) signal(pid, 'SIGKILL');
      if (started.length === 0) child.kill('SIGKILL');
      await ended;
    },
    log: log.read,
  };
}

function isAlive({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

function openLog(run: Run, name: string) {
  const directory = join(run.directory, 'log');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}.log`);
  return { file: openSync(path, 'a'), read: () => readFileSync(path, 'utf8') };
}

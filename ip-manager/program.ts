import { writeFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ORDER_FILE } from '../shared/probe.ts';
import { initContainers } from './commands/init-containers.ts';
import type { IpManagerOutside } from './commands/outside.ts';
import { probe } from './commands/probe.ts';
import { sidecar } from './commands/sidecar.ts';
import { untaint } from './commands/untaint.ts';
import { wait } from './commands/wait.ts';
import { EXIT, Failure } from './exit-code.ts';

const DEFAULT_TIMEOUT_MS = 5 * 60_000;

const EXIT_CODES = `
Exit codes:
  ${EXIT.done}    done
  ${EXIT.failed}    something failed that nobody foresaw
  ${EXIT.badInput}    an argument or an environment variable is wrong
  ${EXIT.noInstanceMetadata}    the instance metadata service does not answer
  ${EXIT.noPermission}    there are no credentials, no service account, or they lack a permission
  ${EXIT.notAssigned}    an address cannot be assigned as things are
  ${EXIT.timeIsUp}    the time was up
  ${EXIT.ended}  ended by SIGTERM

docs/ip-manager.md says more.`;

/** Where the program prints, and what ends it. */
export interface Streams {
  readonly say: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly terminationLog: string;
  /** Aborted by SIGTERM. */
  readonly signal: AbortSignal;
}

/**
 * Runs one command. If it fails, the reason is the last line, and the pod's termination message.
 *
 * @param args without the program's own name.
 * @param outside is asked for only by a command that runs.
 * @returns the exit code.
 */
export async function run(
  args: readonly string[],
  outside: () => IpManagerOutside,
  streams: Streams,
): Promise<number> {
  const { complain, signal } = streams;
  try {
    await programOf(outside, streams).parseAsync(args, { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const { exitCode, message } = failureOf(error, signal);
    complain(message);
    leaveMessage(streams.terminationLog, message);
    return exitCode;
  }
}

function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted && error === signal.reason) return new Failure(EXIT.ended, 'ended by SIGTERM');
  if (error instanceof Failure) return error;
  if (error instanceof CommanderError) {
    const noCommand = 'a command is needed: initContainers, wait, sidecar, untaint or probe';
    return new Failure(EXIT.badInput, error.code === 'commander.help' ? noCommand : error.message);
  }
  return new Failure(
    EXIT.failed,
    error instanceof Error ? `${error.name}: ${error.message}` : String(error),
  );
}

/** The kubelet takes it from this file, of which it reads 4,096 bytes. */
function leaveMessage(file: string, message: string): void {
  try {
    writeFileSync(file, message.slice(0, 4000));
  } catch {
    // The log has it too.
  }
}

interface Limited {
  readonly timeout: number;
}

function programOf(outside: () => IpManagerOutside, { say, signal }: Streams): Command {
  const timeout = (): Option =>
    new Option('--timeout <duration>', 'how long to try, such as 90s or 5m')
      .argParser(milliseconds)
      .default(DEFAULT_TIMEOUT_MS, '5m');
  const program = new Command('ip-manager')
    .description("Looks after the addresses of a pod's Multus interfaces, from within the pod.")
    .exitOverride()
    // What is wrong is printed with all other failures.
    .configureOutput({ writeOut: (text) => say(text.trimEnd()), writeErr: () => {} })
    .addHelpText('after', EXIT_CODES);
  program
    .command('initContainers')
    .description("assigns the pod's addresses to the ENIs of its node, and ends when EC2 has them")
    .addOption(timeout())
    .action(({ timeout: timeoutMs }: Limited) => initContainers(outside(), { timeoutMs, signal }));
  program
    .command('wait')
    .description('ends when the reconciler has assigned them; needs no AWS permission')
    .addOption(timeout())
    .action(({ timeout: timeoutMs }: Limited) => wait(outside(), { timeoutMs, signal }));
  program
    .command('sidecar')
    .description('publishes the floating addresses that come to the pod and go')
    .action(async () => {
      try {
        await sidecar(outside(), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    });
  program
    .command('untaint')
    .description(
      'takes the startup taint from its node once Multus is there; not for pods of your own',
    )
    .action(() => untaint(outside(), signal));
  program
    .command('probe')
    .description('what the pods of `multus-eni probe` run; not for pods of your own')
    .option('--order <file>', 'where the order is', ORDER_FILE)
    .action(({ order }: { readonly order: string }) => {
      const { environment, clock } = outside();
      return probe({ order, ipCommand: environment.ipCommand, clock, say }, signal);
    });
  return program;
}

const UNIT_MS = { s: 1000, m: 60_000 } as const;

function milliseconds(text: string): number {
  const [, count, unit] = /^(\d{1,5})(s|m)$/.exec(text) ?? [];
  if (count === undefined || !(unit === 's' || unit === 'm')) {
    throw new InvalidArgumentError('a number of seconds or minutes is needed, such as 90s or 5m');
  }
  return Number(count) * UNIT_MS[unit];
}

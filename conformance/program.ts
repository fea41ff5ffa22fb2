import { Command, InvalidArgumentError } from 'commander';
import { EXIT } from '../cli/exit-code.ts';
import { BadInput, Failed, trying } from '../cli/failure.ts';
import { runProgram } from '../cli/run-program.ts';
import type { Clock } from '../shared/time/clock.ts';
import type { Result } from './check.ts';
import { CLUSTER_CHECKS } from './cluster/index.ts';
import { CHECKS } from './facts/index.ts';
import { UnknownSubnetError } from './lab.ts';
import type { GuardedEc2 } from './own-enis.ts';
import { countOf, jsonOf, type Report, summaryOf, tableOf } from './report.ts';
import { mostCalls, type Run, type RunOptions, runChecks } from './run-checks.ts';

/** What a run talks to. */
export interface ConformanceTarget {
  readonly on: Report['on'];
  readonly region: string;
  readonly clients: Pick<GuardedEc2, 'client' | 'once'>;
  /** The results of the checks of an EKS cluster. */
  readonly cluster: (name: string, signal: AbortSignal) => Promise<readonly Result[]>;
  readonly clock: Clock;
  /** What the sandbox has; with AWS the options say it. */
  readonly choice?: Pick<Options, 'subnet' | 'secondSubnet' | 'cluster'>;
  stop(): Promise<void>;
}

/** Everything outside of the program. */
export interface ConformanceOutside {
  readonly aws: (region: string | undefined) => Promise<ConformanceTarget>;
  readonly sandbox: () => Promise<ConformanceTarget>;
  /** What the operator types; `undefined` if nobody can be asked. */
  readonly ask: (question: string) => Promise<string | undefined>;
  readonly print: (text: string) => void;
  /** Never on stdout. */
  readonly tell: (text: string) => void;
  /** How far it has come; never on stdout. */
  readonly progress: (text: string) => void;
  readonly interrupted: () => AbortSignal;
}

interface Options {
  readonly subnet?: string;
  readonly secondSubnet?: string;
  readonly cluster?: string;
  readonly region?: string;
  readonly confirm?: string;
  readonly yes?: boolean;
  readonly buckets: boolean;
  readonly plan?: boolean;
  readonly json?: boolean;
  readonly sandbox?: boolean;
}

const AFTER = `
It creates two or three ENIs that are attached to nothing, and removes them again. It changes no other.

Exit codes:
  ${EXIT.ok}    nothing differs
  ${EXIT.failed}    AWS refused it or could not be reached, or something is left behind
  ${EXIT.badInput}    the arguments are wrong, or the subnet was not confirmed: nothing was done
  ${EXIT.found}    a fact differs
  ${EXIT.interrupted}  ended by Ctrl-C, and what was made is removed

docs/conformance.md says more.`;

/** Runs the program. @param args without its own name. @returns the exit code. */
export async function run(args: readonly string[], outside: ConformanceOutside): Promise<number> {
  try {
    return await runProgram((end) => programOf(outside, end), args);
  } catch (error) {
    if (!(error instanceof BadInput || error instanceof Failed)) throw error;
    outside.tell(`${error.message}\n`);
    return error instanceof BadInput ? EXIT.badInput : EXIT.failed;
  }
}

function programOf(outside: ConformanceOutside, end: (code: number) => void): Command {
  return new Command('conformance')
    .description('Tries on EC2 and EKS what the code takes for granted about them.')
    .exitOverride()
    .configureOutput({ writeOut: outside.print, writeErr: outside.tell })
    .option('--subnet <id>', 'a subnet in which ENIs may be created for a minute', subnetId)
    .option('--second-subnet <id>', 'another one of the same VPC', subnetId)
    .option('--cluster <name>', 'an EKS cluster to look at: read only')
    .option('--region <region>', "the Region (default: the environment's)")
    .option('--confirm <subnet>', 'the id of the subnet once more, in the place of typing it')
    .option('--yes', 'also empty token buckets, without being asked')
    .option('--no-buckets', 'empty no token buckets, and do not ask')
    .option('--plan', 'say what would be done, and do nothing')
    .option('--json', 'print one JSON object, to be attached to an issue')
    .option('--sandbox', "run against the project's own EC2 and EKS on this machine")
    .addHelpText('after', AFTER)
    .action(async (options: Options) => {
      end(await conformance(options, outside));
    });
}

function subnetId(text: string): string {
  if (/^subnet-[0-9a-f]+$/.test(text)) return text;
  throw new InvalidArgumentError('a subnet’s id is subnet-… with hexadecimal digits.');
}

async function conformance(asked: Options, outside: ConformanceOutside): Promise<number> {
  if (asked.sandbox && (asked.subnet ?? asked.cluster ?? asked.region) !== undefined) {
    throw new BadInput('--sandbox brings its own subnets and its own cluster');
  }
  if (!asked.sandbox && asked.subnet === undefined && asked.cluster === undefined) {
    throw new BadInput('give --subnet, --cluster or both; or --sandbox');
  }
  if (asked.plan) {
    outside.print(planOf(asked));
    return EXIT.ok;
  }
  const drain = await confirmed(asked, outside);
  const target = asked.sandbox ? await outside.sandbox() : await outside.aws(asked.region);
  try {
    return await perform({ ...asked, ...target.choice }, target, drain, outside);
  } finally {
    await target.stop();
  }
}

/**
 * Asks for the subnet's id, and for the buckets.
 *
 * @returns whether the buckets may be emptied.
 * @throws BadInput if the subnet is not confirmed.
 */
async function confirmed(options: Options, outside: ConformanceOutside): Promise<boolean> {
  const { subnet, confirm, yes, buckets, sandbox } = options;
  if (sandbox) return buckets;
  if (subnet === undefined) return false;
  outside.tell(planOf(options));
  const typed = confirm ?? (await outside.ask(`Type ${subnet} to go on: `));
  if (typed?.trim() !== subnet) {
    const how = typed === undefined ? `give --confirm ${subnet}` : `that is not ${subnet}`;
    throw new BadInput(`The subnet was not confirmed (${how}). Nothing was done.`);
  }
  if (!buckets || yes) return buckets;
  const answer = await outside.ask('Empty token buckets, as said above? [y/N] ');
  return /^y(es)?$/i.test(answer?.trim() ?? '');
}

/** What will be done, before it is. */
function planOf({ subnet, secondSubnet, cluster, buckets, sandbox }: Options): string {
  const where = sandbox ? 'the sandbox' : [subnet, secondSubnet].filter(Boolean).join(' and ');
  const drained = CHECKS.filter(({ drains }) => drains);
  const ec2 = [
    `In ${where}, ${CHECKS.length - drained.length} checks with two or three ENIs of their own, at most ${mostCalls(false)} calls of EC2:`,
    ...CHECKS.filter(({ drains }) => !drains).map(({ id, fact }) => `  ${id}: ${fact}`),
    ...(buckets
      ? [
          `And ${drained.length} checks that each empty a token bucket, at most ${mostCalls(true) - mostCalls(false)} calls. All who call in this account and Region, the VPC CNI too, are throttled meanwhile, for some seconds each:`,
          ...drained.map(({ id, fact }) => `  ${id}: ${fact}`),
        ]
      : []),
  ];
  const eks = [
    `At cluster ${cluster ?? 'of the sandbox'}, ${CLUSTER_CHECKS.length} checks that read only:`,
    ...CLUSTER_CHECKS.map(({ id, fact }) => `  ${id}: ${fact}`),
  ];
  const lines = [
    ...(sandbox || subnet !== undefined ? ec2 : []),
    ...(sandbox || cluster !== undefined ? eks : []),
  ];
  return `${lines.join('\n')}\n`;
}

const NO_RUN: Run = {
  results: [],
  before: { removed: [], left: [] },
  after: { removed: [], left: [] },
  calls: 0,
};

/** @throws BadInput if the subnet is not there; Failed if EC2 cannot be asked. */
async function checked(options: RunOptions): Promise<Run> {
  try {
    return await trying(`try EC2 in ${options.subnetId}`, () => runChecks(options));
  } catch (error) {
    // Before anything was created: a run that has created something says so.
    if (options.signal?.aborted) return NO_RUN;
    const cause = error instanceof Error ? error.cause : undefined;
    throw cause instanceof UnknownSubnetError ? new BadInput(cause.message, { cause }) : error;
  }
}

async function perform(
  options: Options,
  target: ConformanceTarget,
  drain: boolean,
  outside: ConformanceOutside,
): Promise<number> {
  const { subnet, secondSubnet, cluster, json } = options;
  const { clients, clock, on, region } = target;
  const signal = outside.interrupted();
  const onProgress = outside.progress;
  const ec2 =
    subnet === undefined
      ? NO_RUN
      : await checked({
          ...{ clients, clock, drain, signal, onProgress },
          ...{ subnetId: subnet, secondSubnetId: secondSubnet },
        });
  const eks = cluster === undefined || signal.aborted ? [] : await target.cluster(cluster, signal);
  const report: Report = {
    version: 1,
    at: new Date(clock.now()).toISOString(),
    ...{ on, region, calls: ec2.calls },
    results: [...ec2.results, ...eks],
    removedBefore: ec2.before.removed,
    left: ec2.after.left,
  };
  outside.print(json ? `${jsonOf(report)}\n` : `${tableOf(report)}\n`);
  const say = json ? outside.tell : outside.print;
  for (const line of summaryOf(report)) say(`${line}\n`);
  if (signal.aborted) return EXIT.interrupted;
  if (report.left.length > 0 || countOf(report, 'as expected') === 0) return EXIT.failed;
  return countOf(report, 'differs') > 0 ? EXIT.found : EXIT.ok;
}

import { Command, InvalidArgumentError, Option } from 'commander';
import { VERSION } from '../shared/version.ts';
import type { ClusterChoice } from './access/access.ts';
import { EXIT } from './exit-code.ts';
import { ledgerGroup } from './ledger/options.ts';
import { completionCommands, replayGroup } from './other-commands.ts';
import type { Output } from './output.ts';
import type { CliOutside } from './outside.ts';
import { type ProbeFlags, probeOptions } from './probe/options.ts';
import { runProgram } from './run-program.ts';
import { stopCommands } from './stop/options.ts';

const EXIT_CODES = `
Exit codes:
  ${EXIT.ok}    done, and nothing is wrong
  ${EXIT.failed}    something failed: AWS or the cluster refused it, or could not be reached
  ${EXIT.badInput}    the arguments or what they name are wrong
  ${EXIT.nothing}    there was nothing to do
  ${EXIT.found}    something is wrong: a pod lacks an address, nodes drift, a check failed
  ${EXIT.interrupted}  ended by Ctrl-C

docs/operator.md says more.`;
interface Common extends ClusterChoice {
  readonly json?: boolean;
}

type Action<O> = (run: Running<O>) => Promise<number>;

interface Running<O> {
  readonly output: Output;
  readonly options: O & Common;
  readonly args: readonly string[];
  readonly outside: CliOutside;
}

/**
 * Runs one command. What a command needs is loaded when it runs, so that `--help` waits for nothing.
 *
 * @param args without the program's own name.
 * @returns the exit code.
 */
export function run(args: readonly string[], outside: CliOutside): Promise<number> {
  return runProgram((end) => programOf(outside, end), args);
}

/** Every command, as `--help` shows them. */
function programOf(outside: CliOutside, end: (code: number) => void): Command {
  const program = new Command('multus-eni')
    .description(
      'Shows what the ENIs of EKS workers have, what Multus pods claim, and why they differ.',
    )
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => void outside.stdout.write(text),
      writeErr: (text) => void outside.stderr.write(text),
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
    })
    .addHelpText('after', EXIT_CODES);
  const withAction = <O>(command: Command, action: Action<O>): Command =>
    withCommon(command, program).action(async (...given: unknown[]) => {
      const options: O & Common = command.opts();
      const names = given.slice(0, command.registeredArguments.length);
      end(await guarded(outside, options, names.flat().filter(isText), action));
    });
  program.addCommand(explainGroup(program, withAction));
  for (const add of COMMANDS) program.addCommand(add(withAction));
  for (const each of stopCommands(withAction)) program.addCommand(each);
  program.addCommand(ledgerGroup(program, withAction).addHelpText('after', EXIT_CODES));
  program.addCommand(replayGroup(outside, end, program));
  for (const each of completionCommands(outside, program)) program.addCommand(each[0], each[1]);
  return program;
}

type WithAction = <O>(command: Command, action: Action<O>) => Command;
type AddCommand = (withAction: WithAction) => Command;

function withCommon(command: Command, program: Command): Command {
  return command
    .copyInheritedSettings(program)
    .option('--stage <stage>', 'the deployed stage of the cluster: its ranges, policy and tag')
    .option('--cluster <name>', 'the EKS cluster')
    .option('--kubeconfig <file>', 'reach the API server by this file, as kubectl does')
    .option('--context <name>', 'a context of the kubeconfig other than its current one')
    .option('--region <region>', "the Region (default: the environment's)")
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXIT_CODES);
}

function explainGroup(program: Command, withAction: WithAction): Command {
  const group = new Command('explain')
    .copyInheritedSettings(program)
    .description('why an address is where it is, rule by rule')
    .addHelpText('after', EXIT_CODES);
  const parts = [
    ['pod', 'pod', 'why a pod has, or has not, its addresses', 'NAMESPACE/NAME of the pod'],
    ['ip', 'address', 'who has an address, who claims it, whose it is to release', 'the address'],
    ['eni', 'eni', 'what is on an ENI, and how much room there is', 'the id of the ENI'],
    ['node', 'node', "a node's ENIs, and what its reconcile would do", 'the name of the Node'],
  ] as const;
  for (const [name, argument, description, help] of parts) {
    const command = new Command(name).description(description).argument(`<${argument}>`, help);
    group.addCommand(
      withAction(command, async ({ output, options, args: [asked = ''], outside }) => {
        const { lookAt } = await import('./access/access.ts');
        const commands = await import('./explain/commands.ts');
        const look = await lookAt(options, outside);
        const explain = {
          pod: commands.explainPodCommand,
          ip: commands.explainIpCommand,
          eni: commands.explainEniCommand,
          node: commands.explainNodeCommand,
        };
        return explain[name](look, asked, output);
      }),
    );
  }
  return group;
}

const statusCommand: AddCommand = (withAction) =>
  withAction<{ readonly queueUrl?: string; readonly watch?: boolean }>(
    new Command('status')
      .description('does it work? forwarder, queue, sweep, alarms and drift of each cluster')
      .addOption(
        new Option('--queue-url <url>', 'the queue, where no stage says it').conflicts('stage'),
      )
      .option('--watch', 'again every five seconds, until Ctrl-C'),
    async ({ options, outside, output }) => {
      const { looksAt } = await import('./access/access.ts');
      const { statusCommand: status, watching } = await import('./status/command.ts');
      const { sourcesOf } = await import('./status/sources.ts');
      const looks = await looksAt(options, outside);
      const sources = await sourcesOf(looks, options, outside.clock);
      const once = () => status(looks, sources, output);
      return options.watch ? watching(once, output, outside) : once();
    },
  );

const driftCommand: AddCommand = (withAction) =>
  withAction<{ readonly failOn?: string }>(
    new Command('drift')
      .description("what every node's reconcile would do now, and why")
      .option(
        '--fail-on <kinds>',
        'end with 4 for these only: missing,leaked,foreign,conflict,full,problem',
      ),
    async ({ options, outside, output }) => {
      const { looksAt } = await import('./access/access.ts');
      const { driftCommand: drift, FAILING, kindsIn } = await import('./drift/command.ts');
      const kinds = options.failOn === undefined ? FAILING : kindsIn(options.failOn);
      return drift(await looksAt(options, outside), kinds, output);
    },
  );

const mapCommand: AddCommand = (withAction) =>
  withAction<{ readonly output?: string; readonly port?: number; readonly open: boolean }>(
    new Command('map')
      .description('where is everything? a page in the browser, of nodes, ENIs and addresses')
      .addOption(
        new Option('--output <file>', 'write it as one HTML file instead').conflicts('port'),
      )
      .option('--port <port>', 'where on 127.0.0.1 it is served (default: a free one)', portIn)
      .option('--no-open', 'open no browser'),
    async ({ options, outside, output }) => {
      const { lookAt } = await import('./access/access.ts');
      const { mapCommand: map, mapFileCommand: mapFile } = await import('./map/command.ts');
      const look = await lookAt(options, outside);
      if (options.output !== undefined) return mapFile(look, options.output, output);
      const { openInBrowser } = await import('./map/open.ts');
      const isWatched = outside.stdout.isTTY === true && options.open;
      const { port } = options;
      return map(look, { ...outside, port, open: isWatched ? openInBrowser : undefined }, output);
    },
  );

const tailCommand: AddCommand = (withAction) =>
  withAction(
    new Command('tail').description('what happens now? changes of addresses as they come'),
    async ({ options, outside, output }) => {
      const { lookAt } = await import('./access/access.ts');
      const { tailCommand: tail } = await import('./tail/command.ts');
      return tail(await lookAt(options, outside), outside, output);
    },
  );

const clustersCommand: AddCommand = (withAction) =>
  withAction(
    new Command('clusters').description('which clusters does the stage serve?'),
    async ({ options, outside, output }) => {
      const { clustersCommand: clusters } = await import('./clusters/command.ts');
      return clusters(options, outside, output);
    },
  );

function portIn(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw new InvalidArgumentError('give a number from 1 to 65535.');
}

const doctorCommand: AddCommand = (withAction) =>
  withAction<{ readonly pre?: boolean; readonly file?: readonly string[] }>(
    new Command('doctor')
      .description('what is set up wrongly? each finding with its fix')
      .option('--pre', 'before anything is installed')
      .addOption(
        new Option('-f, --file <file...>', 'look at manifests, and at no cluster').conflicts('pre'),
      ),
    async ({ options, outside, output }) => {
      const { doctorCommand: doctor, lintCommand: lint } = await import('./doctor/command.ts');
      if (options.file !== undefined) return lint(options.file, outside, output);
      const { lookAt } = await import('./access/access.ts');
      return doctor(await lookAt(options, outside), options.pre ?? false, outside, output);
    },
  );

const historyCommand: AddCommand = (withAction) =>
  withAction<{ readonly since: string; readonly cloudtrail?: boolean }>(
    new Command('history')
      .description('who had an address when? From the log of the functions')
      .argument('<address>', 'the address')
      .option('--since <time>', 'how far back, such as 30m, 12h or 7d', '7d')
      .option('--cloudtrail', "also who called EC2, as CloudTrail's event history has it"),
    async ({ options, args: [address = ''], outside, output }) => {
      const { historyCommand: history } = await import('./history/command.ts');
      const { historySources } = await import('./history/logs.ts');
      const { clock } = outside;
      return history(address, { ...options, ...historySources(options, clock), clock }, output);
    },
  );

const bundleCommand: AddCommand = (withAction) =>
  withAction<{ readonly out: string; readonly redact?: boolean; readonly queueUrl?: string }>(
    new Command('bundle')
      .description('everything that helps somebody else to help, as one archive')
      .option('--out <file>', 'where it is written', 'multus-eni.tgz')
      .option('--redact', 'replace names and addresses')
      .addOption(
        new Option('--queue-url <url>', 'the queue, where no stage says it').conflicts('stage'),
      ),
    async ({ options, outside, output }) => {
      const { lookAt } = await import('./access/access.ts');
      const { bundleCommand: bundle } = await import('./bundle/command.ts');
      const { sourcesOf } = await import('./status/sources.ts');
      const look = await lookAt(options, outside);
      const sources = await sourcesOf([look], options, outside.clock);
      const { out: file, redact = false } = options;
      const { environment } = outside;
      return bundle(look, sources, { file, redact, environment }, output);
    },
  );

const probeCommand: AddCommand = (withAction) =>
  withAction<ProbeFlags>(probeOptions(), async ({ options, outside, output }) => {
    const { lookAt } = await import('./access/access.ts');
    const { probeCommand: probe } = await import('./probe/command.ts');
    const wish = { ...options, seconds: options.timeout };
    return probe(await lookAt(options, outside), wish, outside, output);
  });

const COMMANDS: readonly AddCommand[] = [
  statusCommand,
  driftCommand,
  mapCommand,
  tailCommand,
  doctorCommand,
  historyCommand,
  bundleCommand,
  probeCommand,
  clustersCommand,
];

/** Runs an action; what goes wrong with it becomes a line and an exit code. */
async function guarded<O>(
  outside: CliOutside,
  options: O & Common,
  args: readonly string[],
  action: Action<O>,
): Promise<number> {
  const { outputTo } = await import('./output.ts');
  const { BadInput, Failed, explain } = await import('./failure.ts');
  const colour = !outside.environment.NO_COLOR;
  const output = outputTo({ ...outside, json: options.json ?? false, colour });
  try {
    return await action({ output, options, args, outside });
  } catch (error) {
    const known = error instanceof BadInput || error instanceof Failed;
    const message = known ? error.message : explain(error, 'do this');
    output.result({ error: message });
    output.warn(message);
    return error instanceof BadInput ? EXIT.badInput : EXIT.failed;
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

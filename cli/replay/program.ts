import { Command, InvalidArgumentError, Option } from 'commander';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import type { Clock } from '../../shared/time/clock.ts';
import type { ReachedCluster } from '../cluster-pods.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput, Failed } from '../failure.ts';
import { type Output, outputTo, type Sink } from '../output.ts';
import { findDeadLetters, findQueue, type QueueChoice, type QueueSources } from '../queues.ts';
import { runProgram } from '../run-program.ts';
import { replayCluster } from './cluster.ts';
import { replayDeadLetters } from './dlq.ts';
import { replayFiles } from './file.ts';
import { list } from './list.ts';
import { replayNode } from './node.ts';

/** Everything outside of the program. */
export interface ReplayOutside {
  /** The clients of a region; without one, of the region that the environment names. */
  readonly aws: (region: string | undefined) => QueueSources;
  readonly podsOf: (choice: ReachedCluster, region: string | undefined) => Promise<Pod[]>;
  readonly clock: Clock;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Aborted when the operator has had enough; asked for by commands that have something to tidy up. */
  readonly interrupted: () => AbortSignal;
  /** How long a receive waits for messages, in seconds. */
  readonly waitSeconds: number;
}

const EXIT_CODES = `
Exit codes:
  ${EXIT.ok}    done
  ${EXIT.failed}    something failed: AWS or the cluster refused it, or could not be reached;
       or what was sent came back
  ${EXIT.badInput}    the arguments or what they name are wrong: an option, a stage, a file that is no event
  ${EXIT.nothing}    there was nothing to do: an empty queue, no message that matches, no Multus pod
  ${EXIT.interrupted}  ended by Ctrl-C, after the batch that was under way

docs/replay.md says more.`;

interface Common extends QueueChoice {
  readonly region?: string;
  readonly json?: boolean;
}

/**
 * Runs one command.
 *
 * @param args without the program's own name.
 * @returns the exit code.
 */
export function run(args: readonly string[], outside: ReplayOutside): Promise<number> {
  return runProgram((end) => programOf(outside, end), args);
}

function programOf(outside: ReplayOutside, end: (code: number) => void): Command {
  const program = new Command('replay')
    .description('Looks into the dead-letter queue, and asks for nodes to be looked at again.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void outside.stdout.write(text),
      writeErr: (text) => void outside.stderr.write(text),
    })
    .addHelpText('after', EXIT_CODES);
  const commands = [listCommand, dlqCommand, fileCommand, nodeCommand, clusterCommand];
  for (const command of commands) program.addCommand(withCommon(command(outside, end), program));
  return program;
}

type MakeCommand = (outside: ReplayOutside, end: (code: number) => void) => Command;

function withCommon(command: Command, program: Command): Command {
  return command
    .copyInheritedSettings(program)
    .option('--stage <stage>', 'the deployed stage whose queue is meant, or its cluster’s own')
    .option('--region <region>', "the queue's region (default: the environment's)")
    .addOption(
      new Option('--queue-url <url>', "the queue, instead of a stage's")
        .argParser(url)
        .conflicts('stage'),
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXIT_CODES);
}

const deadLetterQueueUrl = (): Option =>
  new Option(
    '--dead-letter-queue-url <url>',
    "the dead-letter queue, instead of the stack's or the one that the queue's redrive policy names",
  ).argParser(url);

const listCommand: MakeCommand = (outside, end) =>
  new Command('list')
    .description('shows what is in the dead-letter queue and why, and leaves it there')
    .addOption(deadLetterQueueUrl())
    .option(
      '--cluster <name>',
      'only of this cluster; all of its own queue, if it joined the stage',
    )
    .action((options: Common) =>
      guarded(outside, options, end, async (output, aws) => {
        const queues = await findDeadLetters(aws, options);
        const { waitSeconds, interrupted } = outside;
        // A message that names another cluster was set aside in the queue of the one that joined.
        const cluster = queues.owner === undefined ? options.cluster : undefined;
        return list({
          sqs: aws.sqs,
          queues,
          ...(cluster !== undefined && { cluster }),
          output,
          waitSeconds,
          signal: interrupted(),
        });
      }),
    );

interface DlqArguments extends Common {
  readonly node?: string;
  readonly reason?: string;
  readonly max?: number;
  readonly dryRun?: boolean;
}

const dlqCommand: MakeCommand = (outside, end) =>
  new Command('dlq')
    .description('sends what is in the dead-letter queue to the queue again')
    .addOption(deadLetterQueueUrl())
    .option('--cluster <name>', 'only of this cluster')
    .option('--node <name>', 'only of this node')
    .option('--reason <text>', 'only where the reason that list shows has this text in it')
    .option('--max <n>', 'send so many at most', positive)
    .option('--dry-run', 'tell what would be sent, and change nothing')
    .action((options: DlqArguments) =>
      guarded(outside, options, end, async (output, aws) => {
        const queues = await findDeadLetters(aws, options);
        const { cluster, node, reason, max = Number.POSITIVE_INFINITY, dryRun = false } = options;
        return replayDeadLetters({
          sqs: aws.sqs,
          queues,
          filter: { cluster, node, reason },
          max,
          dryRun,
          output,
          waitSeconds: outside.waitSeconds,
          signal: outside.interrupted(),
        });
      }),
    );

const fileCommand: MakeCommand = (outside, end) =>
  new Command('file')
    .description('sends the messages of event files, of the shape of events/*.json')
    .argument('<path...>', 'the files')
    .action((paths: string[], options: Common) =>
      guarded(outside, options, end, async (output, aws) =>
        replayFiles({ sqs: aws.sqs, queueUrl: await findQueue(aws, options), paths, output }),
      ),
    );

const nodeCommand: MakeCommand = (outside, end) =>
  new Command('node')
    .description('asks for a look at one node')
    .argument('<cluster>', 'its cluster, as the configuration or its own stack names it')
    .argument('<node>', 'the name of its Node')
    .action((cluster: string, node: string, options: Common) =>
      guarded(outside, options, end, async (output, aws) => {
        const queueUrl = await findQueue(aws, { ...options, cluster });
        return replayNode({ sqs: aws.sqs, queueUrl, cluster, clock: outside.clock, output }, node);
      }),
    );

const clusterCommand: MakeCommand = (outside, end) =>
  new Command('cluster')
    .description('asks for a look at each node that has Multus pods')
    .argument('<cluster>', 'the cluster, as the configuration or its own stack names it')
    .option('--kubeconfig <path>', 'read the pods by its current context, instead of through EKS')
    .action((cluster: string, options: Common & { readonly kubeconfig?: string }) =>
      guarded(outside, options, end, async (output, aws) => {
        const { kubeconfig, region } = options;
        return replayCluster({
          sqs: aws.sqs,
          queueUrl: await findQueue(aws, { ...options, cluster }),
          cluster,
          clock: outside.clock,
          output,
          listPods: () => outside.podsOf({ cluster, kubeconfig }, region),
        });
      }),
    );

/** Runs an action; what goes wrong with it becomes a line and an exit code. */
async function guarded(
  outside: ReplayOutside,
  { json = false, region }: Common,
  end: (code: number) => void,
  action: (output: Output, aws: QueueSources) => Promise<number>,
): Promise<void> {
  const output = outputTo({ ...outside, json });
  try {
    end(await action(output, outside.aws(region)));
  } catch (error) {
    if (!(error instanceof BadInput || error instanceof Failed)) throw error;
    output.result({ error: error.message });
    output.warn(error.message);
    end(error instanceof BadInput ? EXIT.badInput : EXIT.failed);
  }
}

function url(text: string): string {
  if (URL.canParse(text) && /^https?:/.test(text)) return text;
  throw new InvalidArgumentError('It is no URL.');
}

function positive(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is no number from 1 on.');
}

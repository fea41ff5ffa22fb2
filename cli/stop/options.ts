import { Command } from 'commander';
import type { Output } from '../output.ts';
import type { CliOutside } from '../outside.ts';
import type { StopChoice } from './command.ts';

interface Running {
  readonly options: StopChoice;
  readonly outside: CliOutside;
  readonly output: Output;
}

/**
 * The commands that stop the functions and let them go on.
 *
 * @param withAction gives a command what all have in common, `--stage` and `--cluster` among it.
 */
export function stopCommands(
  withAction: (command: Command, action: (run: Running) => Promise<number>) => Command,
): readonly Command[] {
  const stop = new Command('stop')
    .description('write nothing more, within 10 s: in one cluster, or in all of the stage')
    .option('--releases', 'stop releases only; addresses are assigned')
    .option('--why <text>', 'what status and the map show');
  const resume = new Command('resume')
    .description('end a stop')
    .option('--releases', 'also let go for half an hour what the brake withholds in the cluster');
  return [
    withAction(stop, async ({ options, outside, output }) => {
      const { stopCommand } = await import('./command.ts');
      return stopCommand(options, outside.clock, output);
    }),
    withAction(resume, async ({ options, outside, output }) => {
      const { resumeCommand } = await import('./command.ts');
      return resumeCommand(options, outside.clock, output);
    }),
  ];
}

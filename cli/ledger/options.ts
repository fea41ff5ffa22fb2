import { Command } from 'commander';
import type { ClusterChoice } from '../access/access.ts';
import type { Output } from '../output.ts';
import type { CliOutside } from '../outside.ts';
import type { LedgerChoice } from './command.ts';

interface Running {
  readonly options: LedgerChoice & ClusterChoice;
  readonly args: readonly string[];
  readonly outside: CliOutside;
  readonly output: Output;
}

/**
 * The commands that change what the ledgers of ENIs say.
 *
 * @param withAction gives a command what all have in common, `--stage` and `--cluster` among it.
 */
export function ledgerGroup(
  program: Command,
  withAction: (command: Command, action: (run: Running) => Promise<number>) => Command,
): Command {
  const group = new Command('ledger')
    .copyInheritedSettings(program)
    .description(
      'says whose an address is: the functions release what a ledger has, and nothing else',
    );
  const adopt = new Command('adopt')
    .description('make addresses ours: each is released once no pod claims it')
    .argument('[eni]', 'the id of the ENI that has them')
    .argument('[address...]', 'the addresses')
    .option('--unclaimed', 'instead of addresses: all that no pod claims and no ledger has')
    .option('--ranges', "of these what lies in a NetworkAttachmentDefinition's range")
    .option('--yes', 'do not ask first');
  const drop = new Command('drop')
    .description('hands off: the functions never release these addresses')
    .argument('<eni>', 'the id of the ENI that has them')
    .argument('<address...>', 'the addresses')
    .option('--yes', 'do not ask first');
  const parts = { adopt, drop } as const;
  for (const name of ['adopt', 'drop'] as const) {
    const action = async ({ args, options, output, outside }: Running) => {
      const { lookAt } = await import('../access/access.ts');
      const commands = await import('./command.ts');
      const [eni, ...addresses] = args;
      const choice = { ...options, eni, addresses };
      const look = await lookAt(options, outside);
      const run = { adopt: commands.adoptCommand, drop: commands.dropCommand }[name];
      return run(look, choice, outside, output);
    };
    group.addCommand(withAction(parts[name], action));
  }
  return group;
}

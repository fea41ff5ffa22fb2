import { Argument, Command } from 'commander';
import type { CliOutside } from './outside.ts';

/** Its own program: it has options of its own, and is reached by `npm run replay` too. */
export function replayGroup(
  outside: CliOutside,
  end: (code: number) => void,
  program: Command,
): Command {
  return new Command('replay')
    .copyInheritedSettings(program)
    .description('the dead-letter queue, and asking for a look: replay --help')
    .argument('[arguments...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (args: string[]) => {
      const { outsideOf } = await import('./replay/outside.ts');
      const { run: replay } = await import('./replay/program.ts');
      end(await replay(args, outsideOf(outside)));
    });
}

/** What shells read, and what they ask at each Tab. */
export function completionCommands(
  { stdout }: CliOutside,
  program: Command,
): readonly (readonly [Command, { readonly hidden?: boolean }])[] {
  const completion = new Command('completion')
    .copyInheritedSettings(program)
    .description("completes the words of a shell's line: source <(multus-eni completion bash)")
    .addArgument(new Argument('<shell>', 'the shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: string) => {
      const { SHELLS } = await import('./completion/scripts.ts');
      stdout.write(SHELLS[shell] ?? '');
    });
  const complete = new Command('__complete')
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words: string[]) => {
      const { candidates } = await import('./completion/candidates.ts');
      for (const each of candidates(program, words)) stdout.write(`${each}\n`);
    });
  return [
    [completion, {}],
    [complete.copyInheritedSettings(program), { hidden: true }],
  ];
}

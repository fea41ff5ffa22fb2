import type { Command } from 'commander';

/**
 * What the last word may become.
 *
 * @param words those behind the program's name, the last one as far as it is typed.
 */
export function candidates(program: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? '';
  let command = program;
  for (const word of words.slice(0, -1)) {
    command = command.commands.find((each) => each.name() === word) ?? command;
  }
  const help = command.createHelp();
  const names = help.visibleCommands(command).map((each) => each.name());
  const options = help.visibleOptions(command).flatMap(({ long }) => long ?? []);
  // Options are many, and seldom what is looked for.
  const offered = typed.startsWith('-') ? options : names;
  return offered.filter((each) => each.startsWith(typed) && each !== 'help');
}

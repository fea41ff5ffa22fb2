import { type Command, CommanderError } from 'commander';
import { EXIT } from './exit-code.ts';

/**
 * Runs one command of a program.
 *
 * @param programOf makes the program, whose commands tell `end` the exit code.
 * @param args without the program's own name.
 * @returns the exit code.
 * @throws what the command throws.
 */
export async function runProgram(
  programOf: (end: (code: number) => void) => Command,
  args: readonly string[],
): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = programOf((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
    throw error;
  }
}

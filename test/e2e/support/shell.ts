import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A shell that keeps its variables from one command to the next, as an operator's does. */
export interface Shell {
  /** @returns what the command wrote, to standard error too, and how it ended. */
  run(command: string): Promise<{ readonly output: string; readonly status: number }>;
  stop(): void;
}

const END = '--- ended with ';

export function startShell(cwd: string, env: Readonly<Record<string, string>>): Shell {
  const shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env });
  shell.stdin.write('exec 2>&1\n');
  shell.stdin.on('error', () => undefined);
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const ended = once(shell, 'exit');
  return {
    async run(command) {
      // What a command does not end with a line break would run into the end's line.
      shell.stdin.write(`${command}\nprintf '\\n${END}%s\\n' "$?"\n`);
      const output: string[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`the shell ended (${await ended}) at ${command}`);
        if (value.startsWith(END)) {
          return { output: output.join('\n'), status: Number(value.slice(END.length)) };
        }
        output.push(value);
      }
    },
    stop() {
      shell.stdin.end();
      shell.kill('SIGKILL');
    },
  };
}

/** `npm run conformance`: see docs/conformance.md. */
import { createInterface } from 'node:readline/promises';
import { outputTo } from '../cli/output.ts';
import { ofProcess } from '../cli/process.ts';
import { run } from './program.ts';
import { awsTarget, sandboxTarget } from './target.ts';

async function ask(question: string): Promise<string | undefined> {
  if (!process.stdin.isTTY) return undefined;
  // Not stdout, which is for the table.
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question);
  } finally {
    lines.close();
  }
}

const output = outputTo({ ...ofProcess, json: false });
process.exitCode = await run(process.argv.slice(2), {
  aws: awsTarget,
  sandbox: sandboxTarget,
  ask,
  print(text) {
    output.progress('');
    process.stdout.write(text);
  },
  tell: (text) => void process.stderr.write(text),
  progress: (text) => output.progress(text),
  interrupted: ofProcess.interrupted,
});

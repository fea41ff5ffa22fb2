/** `npm run multus-eni -- <command>`: see docs/operator.md. */
import { EXIT } from './exit-code.ts';
import { ofProcess } from './process.ts';
import { run } from './program.ts';

void run(process.argv.slice(2), ofProcess).then((code) => {
  process.exitCode = code;
  // What is under way is not waited for; what was printed before is.
  if (code === EXIT.interrupted) process.stdout.write('', () => process.exit());
});

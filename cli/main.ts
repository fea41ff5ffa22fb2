/** `npm run multus-eni -- <command>`: see docs/operator.md. */
import { ofProcess } from './process.ts';
import { run } from './program.ts';

void run(process.argv.slice(2), ofProcess).then((code) => {
  process.exitCode = code;
});

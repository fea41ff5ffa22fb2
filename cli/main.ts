/** `npm run multus-eni -- <command>`: see docs/operator.md. */
import { ofProcess } from './process.ts';
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), ofProcess);

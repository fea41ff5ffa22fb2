/** `npm run replay -- <command>`: see docs/replay.md. */
import { ofProcess } from '../process.ts';
import { outsideOf } from './outside.ts';
import { run } from './program.ts';

process.exitCode = await run(process.argv.slice(2), outsideOf(ofProcess));

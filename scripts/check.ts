/** `npm run check`: everything that is checked without running the product. */
import { runChecks } from './checks.ts';

if ((await runChecks()).failed > 0) process.exitCode = 1;

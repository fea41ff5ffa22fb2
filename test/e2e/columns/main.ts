/** `npm run e2e:columns`: the scenarios on every column of parts, with a table at the end. */
import { getParts } from '../parts/get-parts.ts';
import { runColumns } from './run-columns.ts';

const { complete } = await getParts();
const { passed, failures, table } = await runColumns();
console.log(table);
for (const failure of failures) console.log(`failed: ${failure}`);
const all = failures.length + (complete ? 0 : 1);
console.log(`${passed} passed, ${all} failed`);
process.exitCode = all === 0 ? 0 : 1;

/** `npm run e2e:columns`: the scenarios on every column of parts, with a table at the end. */
import { getParts } from '../parts/get-parts.ts';
import { runColumns } from './run-columns.ts';

const { complete } = await getParts();
const { passed, failed, table } = await runColumns();
console.log(table);
const all = failed + (complete ? 0 : 1);
console.log(`${passed} passed, ${all} failed`);
process.exitCode = all === 0 ? 0 : 1;

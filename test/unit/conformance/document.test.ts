import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { CLUSTER_CHECKS } from '../../../conformance/cluster/index.ts';
import { CHECKS } from '../../../conformance/facts/index.ts';

test('docs/conformance.md lists every check with its fact and source, in order', () => {
  const page = readFileSync(join(resolve(import.meta.dirname, '../../..'), 'docs/conformance.md'));
  const rows = page.toString().match(/^\| `.*$/gm);
  const wanted = [...CHECKS, ...CLUSTER_CHECKS].map(
    ({ id, fact, source }) => `| \`${id}\` | ${fact} | ${source} |`,
  );
  expect(rows).toEqual(wanted);
});

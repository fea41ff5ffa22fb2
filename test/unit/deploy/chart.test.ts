import { globSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { variables } from '../../../forwarder/config.ts';
import { chartFiles } from '../../../scripts/chart/files.ts';
import { chartValues } from '../../../scripts/chart/values.ts';
import { DEPLOY, kustomizationIn } from './manifests.ts';

/* What helm makes of the chart is tested end to end; this needs no helm. */
const CHART = join(DEPLOY, 'chart');
const read = (file: string): string => readFileSync(join(CHART, file), 'utf8');
const templates = readdirSync(join(CHART, 'templates'))
  .map((file) => read(`templates/${file}`))
  .join('\n');
const values = z.record(z.string(), z.unknown()).parse(parse(read('values.yaml')));

test('what is made of other files is as `npm run chart` makes it', () => {
  for (const [path, text] of chartFiles(DEPLOY)) expect(read(path), path).toBe(text);
});

test('nothing in deploy/ is a link, as Flux leaves links out', () => {
  const files = globSync('**', { cwd: DEPLOY });
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => lstatSync(join(DEPLOY, file)).isSymbolicLink())).toEqual([]);
});

test('the chart takes its manifests from deploy/base, all but the namespace', () => {
  const [, listed = ''] = /range \$file := list (.*?) \}\}/.exec(templates) ?? [];
  const files = [...listed.matchAll(/"([\w-]+)"/g)].map(([, name]) => `${name}.yaml`);
  const wanted = kustomizationIn('base').resources.filter((file) => file !== 'namespace.yaml');
  expect(files.sort()).toEqual(wanted.sort());
});

test('every value is used, has a schema, and none is used that there is not', () => {
  const used = new Set([...templates.matchAll(/[.$][Vv]alues\.(\w+)/g)].map(([, name]) => name));
  // Both are lists, which one loop adds to.
  for (const [, name = ''] of templates.matchAll(/"(tolerations|imagePullSecrets)"/g))
    used.add(name);
  expect([...used].sort()).toEqual(Object.keys(values).sort());
  const { properties } = z
    .object({ properties: z.record(z.string(), z.unknown()) })
    .parse(JSON.parse(read('values.schema.json')));
  // Of subcharts and their parents; helm gives it to every chart.
  const { global: _, ...own } = properties;
  expect(Object.keys(own).sort()).toEqual(Object.keys(values).sort());
});

test('the variables that it sets are those that the forwarder reads', () => {
  const [generated] = kustomizationIn('base').configMapGenerator ?? [];
  const [, set = ''] = /\$own := dict (.*?) \}\}/.exec(templates) ?? [];
  const names = [...set.matchAll(/"(\w+)" \.Values/g)].map(([, name]) => name);
  expect(names).toEqual(generated?.literals.map((literal) => literal.split('=')[0]));
  expect(Object.keys(variables.shape)).toEqual(expect.arrayContaining(names));
  expect(templates).toContain(`name: ${generated?.name}\n`);
});

test('its version is the image’s', () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(DEPLOY, '../package.json'), 'utf8')));
  expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
});

test.each(readdirSync(join(CHART, 'examples')))(
  'the example %s has values that are taken',
  (file) => {
    const given = parse(read(`examples/${file}`));
    expect(chartValues.safeParse(given).error).toBeUndefined();
  },
);

test.each([
  ['the image, which is on no public registry', { image: { repository: '' } }],
  ['a tag in the repository', { image: { repository: 'registry/name:1' } }],
  ['a short digest', { image: { repository: 'registry/name', digest: 'sha256:12' } }],
  ['a proxy without a scheme', { proxy: { httpsProxy: 'proxy:3128' } }],
  ['no replica', { replicas: 0 }],
  ['a key that there is not', { toleration: [] }],
])('values with %s are refused', (_, wrong) => {
  const given = { ...parse(read('examples/pod-identity.yaml')), ...wrong };
  expect(chartValues.safeParse(given).success).toBe(false);
});

import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { environment } from '../../../forwarder/config.ts';
import { IMAGE } from '../../../scripts/image/description.ts';
import { DEPLOY, kustomizationIn } from './manifests.ts';

/* What helm makes of the chart is tested end to end; this needs no helm. */
const CHART = join(DEPLOY, 'chart');
const read = (file: string): string => readFileSync(join(CHART, file), 'utf8');
const templates = readdirSync(join(CHART, 'templates'))
  .map((file) => read(`templates/${file}`))
  .join('\n');
const values = z.record(z.string(), z.unknown()).parse(parse(read('values.yaml')));

test('the chart takes its manifests from deploy/base, all but the namespace', () => {
  expect(realpathSync(join(CHART, 'base'))).toBe(realpathSync(join(DEPLOY, 'base')));
  const [, listed = ''] = /range \$file := list (.*?) \}\}/.exec(templates) ?? [];
  const files = [...listed.matchAll(/"([\w-]+)"/g)].map(([, name]) => `${name}.yaml`);
  const wanted = kustomizationIn('base').resources.filter((file) => file !== 'namespace.yaml');
  expect(files.sort()).toEqual(wanted.sort());
});

test('every value is used, has a schema, and none is used that there is not', () => {
  const used = new Set([...templates.matchAll(/\.Values\.(\w+)/g)].map(([, name]) => name));
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
  expect(Object.keys(environment.shape)).toEqual(expect.arrayContaining(names));
  expect(templates).toContain(`name: ${generated?.name}\n`);
});

test('its version is the image’s', () => {
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(DEPLOY, '../package.json'), 'utf8')));
  expect(parse(read('Chart.yaml'))).toMatchObject({ version, appVersion: version });
  expect(values.image).toMatchObject({ repository: IMAGE.name });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { DEPLOY, inBase, kustomizationIn, manifestFiles, objectsIn } from './manifests.ts';

/* What the API server makes of it is tested end to end. */
const GROUP = 'multus-eni.dev';

interface Schema {
  readonly description?: string | undefined;
  readonly properties?: Readonly<Record<string, Schema>> | undefined;
  readonly additionalProperties?: Schema | undefined;
}
const schema: z.ZodType<Schema> = z.looseObject({
  description: z.string().optional(),
  get properties() {
    return z.record(z.string(), schema).optional();
  },
  get additionalProperties() {
    return schema.optional();
  },
});
const definition = z.object({
  spec: z.object({
    scope: z.literal('Cluster'),
    versions: z.tuple([
      z.looseObject({
        name: z.literal('v1'),
        // One write changes all of it.
        subresources: z.undefined().optional(),
        additionalPrinterColumns: z.array(z.object({ name: z.string(), jsonPath: z.string() })),
        schema: z.object({ openAPIV3Schema: schema }),
      }),
    ]),
  }),
});
const crd = definition.parse(inBase('CustomResourceDefinition', `eniledgers.${GROUP}`));
const [version] = crd.spec.versions;

/** Every field of a schema with its description, by its path; those of all objects are left out. */
function fieldsOf(
  { properties = {}, additionalProperties }: Schema,
  path = '',
): [string, string][] {
  const inner = Object.entries({
    ...properties,
    ...(additionalProperties && { '*': additionalProperties }),
  });
  return inner
    .filter(([name]) => path !== '' || !['apiVersion', 'kind', 'metadata'].includes(name))
    .flatMap(([name, field]): [string, string][] => {
      const at = path === '' ? name : `${path}.${name}`;
      return [[at, field.description ?? ''], ...fieldsOf(field, at)];
    });
}

test('every field of an ENILedger says what it means', () => {
  const fields = fieldsOf(version.schema.openAPIV3Schema);
  expect(fields.map(([path]) => path)).toContain('addresses.*.pod.uid');
  expect(fields.filter(([, description]) => description === '')).toEqual([]);
});

test('the page about it has every field, and each state', () => {
  const page = readFileSync(join(DEPLOY, '../docs/reference/eni-ledger.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);
  const fields = fieldsOf(version.schema.openAPIV3Schema).map(([path]) => path);
  expect(rows).toEqual([...fields, 'Assigning', 'Assigned', 'Releasing', 'Released']);
});

test('every column shows a field that there is', () => {
  const paths = fieldsOf(version.schema.openAPIV3Schema).map(([path]) => `.${path}`);
  const shown = version.additionalPrinterColumns.map(({ jsonPath }) => jsonPath);
  expect(paths).toEqual(expect.arrayContaining(shown));
  expect(version.additionalPrinterColumns.map(({ name }) => name)).toEqual([
    'Instance',
    'Node',
    'Assigned',
    'Busy',
    'Releasing',
    'Written',
  ]);
});

test('the kind comes before those who may use it', () => {
  const { resources } = kustomizationIn('base');
  expect(resources.slice(0, 2)).toEqual(['namespace.yaml', 'eni-ledger.yaml']);
});

test('the chart keeps the kind, and with it all ledgers, if a release is uninstalled', () => {
  const template = readFileSync(join(DEPLOY, 'chart/templates/base.yaml'), 'utf8');
  expect(template).toContain('"helm.sh/resource-policy" "keep"');
});

const role = z.looseObject({
  kind: z.enum(['ClusterRole', 'Role']),
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()).default([]),
      resources: z.array(z.string()).default([]),
      verbs: z.array(z.string()),
    }),
  ),
});
const binding = z.looseObject({ roleRef: z.object({ name: z.string() }) });
const objects = manifestFiles()
  .filter((file) => !file.endsWith('kustomization.yaml'))
  .flatMap((file) => objectsIn(file));
const roles = objects.flatMap((object) => role.safeParse(object).data ?? []);
const bindings = objects.flatMap((object) => binding.safeParse(object).data ?? []);

test('the functions and operators alone write ledgers, and nobody else in deploy/ but viewers reads them', () => {
  const rights = roles.flatMap(({ metadata, rules }) =>
    rules
      .filter(
        ({ apiGroups, resources }) =>
          [GROUP, '*'].some((group) => apiGroups.includes(group)) &&
          resources.some((each) => each === '*' || each.startsWith('eniledgers')),
      )
      .map(({ resources, verbs }) => [metadata.name, resources, verbs]),
  );
  expect(rights.toSorted()).toEqual([
    ['multus-eni-operator', ['eniledgers'], ['get', 'list', 'create', 'update', 'delete']],
    ['multus-eni-reconciler', ['eniledgers'], ['get', 'list', 'create', 'update', 'delete']],
    ['multus-eni-viewer', ['eniledgers'], ['get', 'list', 'watch']],
  ]);
});

test('nobody is bound to the roles for people', () => {
  const bound = bindings.map(({ roleRef }) => roleRef.name);
  expect(bound).toContain('multus-eni-reconciler');
  expect(bound.filter((name) => /-(viewer|operator)$/.test(name))).toEqual([]);
});

test('no role hands its rights on to the admins and editors of namespaces', () => {
  expect(roles.length).toBeGreaterThan(5);
  const handed = roles.filter((each) =>
    Object.keys(each.metadata.labels).some((label) => label.includes('aggregate-to-')),
  );
  expect(handed).toEqual([]);
});

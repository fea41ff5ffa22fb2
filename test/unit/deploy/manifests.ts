import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import * as z from 'zod';

export const DEPLOY = join(import.meta.dirname, '../../../deploy');

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
});
export type Manifest = z.infer<typeof object>;

const kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  resources: z.array(z.string()),
  labels: z.array(z.object({ pairs: z.record(z.string(), z.string()) })).optional(),
  images: z
    .array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() }))
    .optional(),
  configMapGenerator: z
    .array(z.strictObject({ name: z.string(), literals: z.array(z.string()) }))
    .optional(),
  patches: z.array(z.strictObject({ patch: z.string() })).optional(),
});

/** A text that is YAML without a doubt: one that names a key twice, for instance, is refused. */
function documents(file: string): unknown[] {
  return parseAllDocuments(readFileSync(file, 'utf8'), { strict: true, uniqueKeys: true }).map(
    (document) => {
      const [problem] = [...document.errors, ...document.warnings];
      if (problem) throw new Error(`${file}: ${problem.message}`);
      return document.toJS();
    },
  );
}

/** The objects of a manifest, by its path in deploy/. */
export function objectsIn(path: string): Manifest[] {
  return documents(join(DEPLOY, path)).map((each) => object.parse(each));
}

export function kustomizationIn(folder: string): z.infer<typeof kustomization> {
  const [only, ...others] = documents(join(DEPLOY, folder, 'kustomization.yaml'));
  if (others.length > 0) throw new Error(`${folder}: more than one kustomization`);
  return kustomization.parse(only);
}

/** The one object of that kind in deploy/base. */
export function inBase(kind: string, name?: string): Manifest {
  const found = kustomizationIn('base')
    .resources.flatMap((resource) => objectsIn(`base/${resource}`))
    .filter((each) => each.kind === kind && (name === undefined || each.metadata.name === name));
  const [first, ...others] = found;
  if (first === undefined || others.length > 0) throw new Error(`${found.length} ${kind} in base`);
  return first;
}

/** Paths in deploy/ of all YAML files but the chart's: its templates are none, its base is a link. */
export function manifestFiles(): string[] {
  return (
    readdirSync(DEPLOY, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
      .map((entry) => relative(DEPLOY, join(entry.parentPath, entry.name)))
      // A template of Helm's, and one of CloudFormation's.
      .filter((path) => !path.startsWith('chart/') && !path.startsWith('cluster/'))
      .sort()
  );
}

/** The data of a patch for a ConfigMap. */
export function configMapPatch(patch: string) {
  const schema = object.extend({ data: z.record(z.string(), z.string()) });
  return schema.parse(parse(patch));
}

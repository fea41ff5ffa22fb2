import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEPLOY, kustomizationIn, manifestFiles, objectsIn } from './manifests.ts';

const files = manifestFiles();
const folders = files.filter((file) => file.endsWith('kustomization.yaml')).map(dirname);
const manifests = files.filter((file) => !file.endsWith('kustomization.yaml'));

test('there are manifests to look at', () => {
  expect(folders).toEqual(
    expect.arrayContaining(['base', 'multus', 'overlays/example', 'readiness-gate']),
  );
});

test.each(manifests)('%s holds Kubernetes objects, each named once', (file) => {
  const objects = objectsIn(file);
  expect(objects.length).toBeGreaterThan(0);
  const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
  for (const { metadata } of objects) {
    expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/);
    expect(metadata.namespace).toBeUndefined();
  }
});

describe.each(folders)('the kustomization %s', (folder) => {
  const { resources, patches = [] } = kustomizationIn(folder);

  test('names resources that are there, or whole addresses of others', () => {
    for (const resource of resources) {
      if (/^https:\/\/[^?]+$/.test(resource)) continue;
      const path = join(folder, resource);
      expect(files, resource).toContain(
        existsSync(join(DEPLOY, path, 'kustomization.yaml'))
          ? join(path, 'kustomization.yaml')
          : path,
      );
    }
  });

  test('leaves out none of its folder’s manifests', () => {
    const beside = readdirSync(join(DEPLOY, folder)).filter(
      (name) => name.endsWith('.yaml') && name !== 'kustomization.yaml',
    );
    expect(resources).toEqual(expect.arrayContaining(beside));
  });

  test('patches what it generates or includes', () => {
    const included = folder.startsWith('overlays/') ? ['base'] : [folder];
    const known = included.flatMap((each) => {
      const { configMapGenerator = [], resources: own } = kustomizationIn(each);
      return [
        ...configMapGenerator.map(({ name }) => `ConfigMap ${name}`),
        ...own
          .filter((resource) => resource.endsWith('.yaml') && !resource.startsWith('https:'))
          .flatMap((resource) => objectsIn(join(each, resource)))
          .map(({ kind, metadata }) => `${kind} ${metadata.name}`),
      ];
    });
    for (const { patch } of patches) {
      const [, kind] = /^kind: (\w+)$/m.exec(patch) ?? [];
      const [, name] = /^ {2}name: (\S+)$/m.exec(patch) ?? [];
      expect(known).toContain(`${kind} ${name}`);
    }
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';

const ROOT = new URL('../../..', import.meta.url).pathname;

const versions = z.record(z.string(), z.string()).default({});
const manifest = z
  .object({
    dependencies: versions,
    devDependencies: versions,
    optionalDependencies: versions,
    allowScripts: z.record(z.string(), z.boolean()),
  })
  .parse(read('package.json'));
const lock = z
  .object({
    lockfileVersion: z.literal(3),
    packages: z.record(
      z.string(),
      z.object({
        version: z.string(),
        name: z.string().optional(),
        resolved: z.string().optional(),
        integrity: z.string().optional(),
        link: z.boolean().optional(),
        hasInstallScript: z.boolean().optional(),
      }),
    ),
  })
  .parse(read('package-lock.json'));
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

function read(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

describe('the packages that are used', () => {
  test('are each one exact version', () => {
    const wanted = {
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    };
    for (const [name, version] of Object.entries(wanted)) {
      // If another package stands in for one, its version is exact too.
      expect(version, name).toMatch(/^(npm:[@a-z0-9./_-]+@)?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
    }
  });

  test('are those of the lock file, by a digest that cannot be forged', () => {
    expect(locked.length).toBeGreaterThan(100);
    for (const [path, { integrity, version, link }] of locked) {
      expect(integrity, path).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
      expect(version, path).toMatch(/^\d+\.\d+\.\d+/);
      expect(link, path).toBeUndefined();
    }
  });

  test('come from the registry and from nowhere else', () => {
    for (const [path, { resolved }] of locked) {
      if (resolved === undefined) continue;
      expect(new URL(resolved).origin, path).toBe('https://registry.npmjs.org');
    }
  });

  test('run a script at their installation only if they are named', () => {
    const scripted = new Set(
      locked.filter(([, entry]) => entry.hasInstallScript).map(([path]) => nameOf(path)),
    );
    expect(Object.keys(manifest.allowScripts).toSorted()).toEqual([...scripted].toSorted());
    for (const name of Object.keys(manifest.allowScripts)) expect(name).not.toMatch(/[*@]$|\*/);
  });
});

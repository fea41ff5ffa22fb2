import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';

const lock = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().default('unknown'),
      dev: z.boolean().default(false),
    }),
  ),
});

const TEXTS = /^(licen[cs]e|copying|notice)/i;

/**
 * The licenses of the packages that what is distributed may contain: all that package-lock.json names
 * as not only for development. A text that several packages share stands once. Where a package
 * ships none, the license's SPDX identifier stands in for it.
 *
 * @param root the folder of the repository.
 */
export async function thirdPartyLicenses(root: string): Promise<string> {
  const { packages } = lock.parse(
    JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')),
  );
  const owners = new Map<string, string[]>();
  for (const [path, { version, license, dev }] of Object.entries(packages)) {
    // A package for another platform is in the lock file and not here.
    if (path === '' || dev || !existsSync(join(root, path))) continue;
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    for (const text of await textsOf(join(root, path), license)) {
      owners.set(text, [...(owners.get(text) ?? []), `${name} ${version}`]);
    }
  }
  const parts = [...owners].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

async function textsOf(folder: string, license: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => TEXTS.test(name)).toSorted();
  if (files.length === 0) return [`License: ${license}`];
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.map((text) => text.trim());
}

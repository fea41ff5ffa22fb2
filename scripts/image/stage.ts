import { chmod, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { thirdPartyLicenses } from '../licenses.ts';
import { bundleProgram, PROGRAMS } from '../programs.ts';
import { IMAGE } from './description.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/**
 * Puts the image's files into `folder`, where each has the path and the permissions that it has in
 * the image. What was there is removed.
 *
 * @throws esbuild's BuildFailure, which names the file and line.
 */
export async function stageImage(folder: string): Promise<void> {
  const app = join(folder, IMAGE.workingDirectory);
  await rm(folder, { recursive: true, force: true });
  await mkdir(app, { recursive: true });
  await Promise.all([
    ...PROGRAMS.map((name) => bundleProgram(name, app)),
    copyFile(join(ROOT, 'ip-manager/script.sh'), join(app, 'script.sh')),
    copyFile(join(ROOT, 'LICENSE'), join(app, 'LICENSE')),
    thirdPartyLicenses(ROOT).then((text) => writeFile(join(app, 'THIRD-PARTY-LICENSES'), text)),
  ]);
  for (const { path, mode } of IMAGE.files) await chmod(join(folder, path), mode);
}

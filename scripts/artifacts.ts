import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundleFunction, FUNCTIONS } from './bundle.ts';
import { zip } from './zip.ts';

export interface Artifact extends Bundle {
  readonly bundleBytes: number;
  readonly zipBytes: number;
}

/** The folder of the bundles within that of serverless.yml, which names it too. */
export const BUILD_FOLDER = '.build';

/**
 * Bundles the functions and writes `.build/<function>.zip`, in which the files have the path
 * that they have beside serverless.yml: so `serverless invoke local` finds the handler too.
 *
 * @param serviceFolder the folder of serverless.yml.
 * @throws esbuild's BuildFailure, which names the file and line.
 */
export async function writeArtifacts(serviceFolder: string): Promise<readonly Artifact[]> {
  const output = join(serviceFolder, BUILD_FOLDER);
  return Promise.all(
    FUNCTIONS.map(async (name) => writeArtifact(await bundleFunction(name, output))),
  );
}

async function writeArtifact(bundle: Bundle): Promise<Artifact> {
  const { name, folder } = bundle;
  const entries: Record<string, Uint8Array> = {};
  for (const file of ['index.js', 'index.js.map', 'package.json']) {
    entries[`${BUILD_FOLDER}/${name}/${file}`] = await readFile(join(folder, file));
  }
  const archive = zip(entries);
  // Whoever reads it meanwhile sees the old one or the new one.
  await writeFile(`${folder}.zip.new`, archive);
  await rename(`${folder}.zip.new`, `${folder}.zip`);
  const bundled = entries[`${BUILD_FOLDER}/${name}/index.js`];
  return { ...bundle, bundleBytes: bundled?.length ?? 0, zipBytes: archive.length };
}

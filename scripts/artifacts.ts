import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundleFunction, FUNCTIONS } from './bundle.ts';
import { zip } from './zip.ts';

export interface Artifact extends Bundle {
  readonly bundleBytes: number;
  readonly zipBytes: number;
}

/** Folders within that of serverless.yml, which names them too. */
const BUNDLES = '.build';
/** Only here does osls see at the next deployment that they are the same. */
const ARCHIVES = '.serverless';

/**
 * Bundles the functions and writes `.serverless/<function>.zip`, in which the files have the path
 * that they have beside serverless.yml: so `serverless invoke local` finds the handler too.
 *
 * @param serviceFolder the folder of serverless.yml.
 * @throws esbuild's BuildFailure, which names the file and line.
 */
export async function writeArtifacts(serviceFolder: string): Promise<readonly Artifact[]> {
  const output = join(serviceFolder, BUNDLES);
  const archives = join(serviceFolder, ARCHIVES);
  await mkdir(archives, { recursive: true });
  return Promise.all(
    FUNCTIONS.map(async (name) => writeArtifact(await bundleFunction(name, output), archives)),
  );
}

async function writeArtifact(bundle: Bundle, archives: string): Promise<Artifact> {
  const { name, folder } = bundle;
  const entries: Record<string, Uint8Array> = {};
  for (const file of ['index.js', 'index.js.map', 'package.json']) {
    entries[`${BUNDLES}/${name}/${file}`] = await readFile(join(folder, file));
  }
  const archive = zip(entries);
  await writeFile(join(archives, `${name}.zip`), archive);
  const bundled = entries[`${BUNDLES}/${name}/index.js`];
  return { ...bundle, bundleBytes: bundled?.length ?? 0, zipBytes: archive.length };
}

/**
 * `npm run package`: bundles and zips the functions, and has `serverless package`
 * write the CloudFormation templates into .serverless/. Nothing of it needs AWS or
 * the network. `--analyze` prints the packages that each bundle is made of.
 */
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Bundle, bundleFunction, FUNCTIONS } from './bundle.ts';
import { zip } from './zip.ts';

const ROOT = resolve(import.meta.dirname, '..');

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

/** Writes `<folder>.zip`, in which the files have the path that they have in the project. */
async function writeArtifact({ folder }: Bundle): Promise<string> {
  const entries: Record<string, Uint8Array> = {};
  for (const file of ['index.js', 'package.json']) {
    entries[relative(ROOT, join(folder, file))] = await readFile(join(folder, file));
  }
  const artifact = zip(entries);
  await writeFile(`${folder}.zip`, artifact);
  const bundled = entries[relative(ROOT, join(folder, 'index.js'))]?.length ?? 0;
  return `${kilobytes(bundled)} bundled, ${kilobytes(artifact.length)} zipped`;
}

/** Prints how many bytes of the bundle are of which package, the largest first. */
function printPackages({ metafile }: Bundle): void {
  const bytes = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [, name = 'this project'] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInOutput);
    }
  }
  const largest = [...bytes].toSorted(([, a], [, b]) => b - a).slice(0, 20);
  for (const [name, size] of largest) console.log(`${kilobytes(size).padStart(10)}  ${name}`);
}

const { values } = parseArgs({ options: { analyze: { type: 'boolean', default: false } } });
const bundles = await Promise.all(FUNCTIONS.map((name) => bundleFunction(name)));
for (const bundle of bundles) {
  console.log(`${bundle.name}: ${await writeArtifact(bundle)}`);
  if (values.analyze) printPackages(bundle);
}

const { status } = spawnSync('serverless', ['package'], {
  cwd: ROOT,
  stdio: 'inherit',
  env: {
    ...process.env,
    // Its cache of the compiled configuration schema would go to the home directory.
    SLS_SCHEMA_CACHE_BASE_DIR: join(ROOT, 'node_modules', '.cache'),
    AWS_EC2_METADATA_DISABLED: 'true',
  },
});
process.exitCode = status ?? 1;

/**
 * `npm run package [-- --stage prod] [--analyze]`: has `serverless package` bundle and zip the
 * functions and write the CloudFormation templates into .serverless/. Nothing of it needs AWS
 * or the network. `--analyze` prints the packages that each bundle is made of.
 */
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { type Artifact, writeArtifacts } from './artifacts.ts';
import { optionsOf } from './options.ts';

const ROOT = resolve(import.meta.dirname, '..');

/** Prints how many bytes of the bundle are of which package, the largest first. */
function printPackages({ name, metafile }: Artifact): void {
  const bytes = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const [, owner = 'this project'] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
      bytes.set(owner, (bytes.get(owner) ?? 0) + bytesInOutput);
    }
  }
  console.log(`${name}:`);
  const largest = [...bytes].toSorted(([, a], [, b]) => b - a).slice(0, 20);
  for (const [owner, size] of largest) {
    console.log(`${(size / 1000).toFixed(0).padStart(7)} kB  ${owner}`);
  }
}

const { values } = optionsOf(import.meta.url, {
  options: { analyze: { type: 'boolean', default: false }, stage: { type: 'string' } },
});
if (values.analyze) (await writeArtifacts(ROOT)).forEach(printPackages);

const stage = values.stage === undefined ? [] : ['--stage', values.stage];
const { status } = spawnSync('serverless', ['package', ...stage], {
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

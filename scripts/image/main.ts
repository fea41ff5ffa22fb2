/**
 * `npm run image -- --node-digest sha256:… [--tag <image>] [-- <options of the engine's build>]`:
 * bundles the programs and has the container engine of this machine build the Dockerfile. For two
 * architectures: `-- --platform linux/amd64,linux/arm64 --push`.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import * as z from 'zod';
import { IMAGE, STAGE } from './description.ts';
import { findEngine, NoEngine } from './engine.ts';
import { stageImage } from './stage.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LOOK_UP = 'docker buildx imagetools inspect docker.io/library/node:24-bookworm-slim';

interface Options {
  readonly nodeDigest: string;
  readonly tag: string;
}

function version(): string {
  const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

async function buildImage(engineOptions: readonly string[], options: Options): Promise<void> {
  const { nodeDigest, tag } = options;
  const args = ['build', '--build-arg', `NODE_DIGEST=${nodeDigest}`, '--tag', tag];
  const command = [...args, ...engineOptions, '.'];
  let engine: string;
  try {
    engine = findEngine();
  } catch (error) {
    if (!(error instanceof NoEngine)) throw error;
    throw new Error(
      `there is no container engine here that answers:\n${error.message}\n` +
        `Start one. This would have been run: docker ${command.join(' ')}`,
    );
  }
  await stageImage(join(ROOT, STAGE));
  console.log(`${engine} ${command.join(' ')}`);
  const { status } = spawnSync(engine, command, { cwd: ROOT, stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

function digest(text: string): string {
  if (/^sha256:[0-9a-f]{64}$/.test(text)) return text;
  throw new Error(`--node-digest: ${text} is no digest; this shows the base's: ${LOOK_UP}`);
}

const program = new Command('image')
  .description('builds the image of forwarder and ip-manager')
  .requiredOption('--node-digest <digest>', `of the base image; shown by: ${LOOK_UP}`, digest)
  .option('--tag <image>', 'what to call it', `${IMAGE.name}:${version()}`)
  .argument('[options...]', 'options for the engine, after --')
  .action(buildImage);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`image: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

/**
 * `npm run image -- [--tag <image>] [-- <options of the engine's build>]`:
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

interface Options {
  readonly tag: string;
}

function version(): string {
  const text = readFileSync(join(ROOT, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

async function buildImage(engineOptions: readonly string[], options: Options): Promise<void> {
  const command = ['build', '--tag', options.tag, ...engineOptions, '.'];
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

const program = new Command('image')
  .description('builds the image of forwarder and ip-manager')
  .option('--tag <image>', 'what to call it', `${IMAGE.name}:${version()}`)
  .argument('[options...]', 'options for the engine, after --')
  .action(buildImage);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`image: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

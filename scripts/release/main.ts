/** `npm run release -- <command>`: what .github/workflows/release.yml calls, and what it checks first. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { releasesIn } from './changelog.ts';
import { stageChart } from './chart.ts';
import { versionOf, whatIsMissing } from './check.ts';
import { packCli } from './cli.ts';
import { krewManifest } from './krew.ts';

const ROOT = resolve(import.meta.dirname, '../..');

function check(tag: string, { root }: { readonly root: string }): void {
  const missing = whatIsMissing(tag, root);
  if (missing.length > 0) throw new Error(missing.join('\nrelease: '));
  console.log(`${tag} can be released.`);
}

function notes(tag: string, { root }: { readonly root: string }): void {
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const section = releasesIn(changelog).get(versionOf(tag) ?? '');
  if (section === undefined) throw new Error(`CHANGELOG.md has no section for ${tag}`);
  console.log(section.text);
}

async function chart(
  folder: string,
  options: { readonly root: string; readonly repository: string; readonly digest: string },
): Promise<void> {
  await stageChart(options.root, folder, options);
  console.log(folder);
}

async function cli(folder: string, { root }: { readonly root: string }): Promise<void> {
  mkdirSync(folder, { recursive: true });
  console.log(relative(process.cwd(), await packCli(root, folder)));
}

async function krew(
  tarball: string,
  { root, uri }: { readonly root: string; readonly uri: string },
): Promise<void> {
  console.log(await krewManifest(root, tarball, uri));
}

const program = new Command('release').description('makes what a release is made of');
const commands = [
  program.command('check').argument('<tag>').action(check).description('what the tag still lacks'),
  program.command('notes').argument('<tag>').action(notes).description('its part of CHANGELOG.md'),
  program
    .command('chart')
    .argument('<folder>', 'where to; it is emptied')
    .requiredOption('--repository <image>', 'the image that the release pushes, without its tag')
    .requiredOption('--digest <digest>', 'of that image')
    .description('copies the chart, to be packaged')
    .action(chart),
  program.command('cli').argument('<folder>').action(cli).description('packs the CLI for npm'),
  program
    .command('krew')
    .argument('<tarball>', 'what `cli` packed')
    .requiredOption('--uri <uri>', 'where the tarball can be downloaded')
    .action(krew)
    .description('prints the manifest of the kubectl plugin'),
];
for (const command of commands) command.option('--root <folder>', 'the repository', ROOT);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

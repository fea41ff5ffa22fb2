import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { run as runCommand } from './parts/command.ts';
import { program } from './parts/programs.ts';

/*
 * The scripts of .github/workflows/release.yml, run as GitHub's runner runs them. Only who would
 * send something to the outside is a stand-in: docker, helm's registry, gh.
 */

const ROOT = join(import.meta.dirname, '../..');
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));
const { jobs } = z
  .object({
    jobs: z.record(
      z.string(),
      z.object({ steps: z.array(z.object({ run: z.string().default('') })).default([]) }),
    ),
  })
  .parse(parse(await readFile(join(ROOT, '.github/workflows/release.yml'), 'utf8')));

/** A program that says in `$CALLS` how it was called, and then does what `more` says. */
const standIn = (more: string) =>
  `#!/bin/sh\necho "$(basename "$0") $*" >> "$CALLS"\ncase "$*" in ${more} *) ;; esac\n`;

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CHART_DIGEST = `sha256:${'c'.repeat(64)}`;
const METADATA = JSON.stringify({ 'containerimage.digest': DIGEST });
const STAND_INS = {
  docker: `"build "*) echo '${METADATA}' > .build/image.json;;`,
  helm: `package*) exec ${program('helm')} "$@" ;; push*) echo "Digest: ${CHART_DIGEST}" >&2 ;;`,
  gh: '',
};
/** What the scripts make in the checkout. */
const MADE = [
  '.build/chart',
  '.build/image',
  '.build/image.json',
  '.build/packages',
  '.build/release',
];

interface Played {
  /** The command lines of the stand-ins. */
  readonly calls: readonly string[];
  /** What the steps tell the next ones. */
  readonly output: string;
}

/** Runs the scripts of a job of release.yml, with stand-ins for what is not on every machine. */
async function play(name: string): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'workflow-'));
  onTestFinished(async () => {
    const made = MADE.map((path) => join(ROOT, path));
    for (const path of [folder, ...made]) await rm(path, { recursive: true, force: true });
  });
  for (const [program, more] of Object.entries(STAND_INS)) {
    await writeFile(join(folder, program), standIn(more), { mode: 0o755 });
  }
  const environment = {
    PATH: `${folder}:${process.env.PATH}`,
    HOME: folder,
    CALLS: join(folder, 'calls'),
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_ACTOR: 'somebody',
    GITHUB_REF_NAME: `v${version}`,
    GITHUB_REPOSITORY: 'Somebody/Multus-ENI-Reconciler',
    GITHUB_REPOSITORY_OWNER: 'Somebody',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: 'c'.repeat(40),
    TOKEN: 'a token',
    IMAGE_DIGEST: DIGEST,
  };
  await writeFile(environment.CALLS, '');
  await writeFile(environment.GITHUB_OUTPUT, '');
  for (const { run } of jobs[name]?.steps ?? []) {
    // As GitHub's runner starts bash.
    const bash = ['--noprofile', '--norc', '-e', '-c', run];
    await promisify(execFile)('bash', bash, { cwd: ROOT, env: environment });
  }
  const calls = (await readFile(environment.CALLS, 'utf8')).split('\n').filter(Boolean);
  return { calls, output: await readFile(environment.GITHUB_OUTPUT, 'utf8') };
}

describe('a release', () => {
  test('is checked first', async () => {
    const { calls } = await play('check');
    expect(calls).toEqual([]);
  });

  test('has an image for both architectures, with provenance and SBOM, of which it tells the digest', async () => {
    const { calls, output } = await play('image');
    expect(calls).toEqual(['docker info', expect.stringMatching(/^docker build /)]);
    const [, build = ''] = calls;
    for (const option of [
      `--tag ghcr.io/somebody/multus-eni-reconciler:${version}`,
      '--platform linux/amd64,linux/arm64',
      '--push',
      '--provenance=mode=max',
      '--sbom=true',
      '--label org.opencontainers.image.source=https://github.com/Somebody/Multus-ENI-Reconciler',
    ]) {
      expect(build).toContain(` ${option} `);
    }
    expect(output).toBe(`name=ghcr.io/somebody/multus-eni-reconciler\ndigest=${DIGEST}\n`);
  });

  test('has the chart as an OCI artifact', async () => {
    const { calls, output } = await play('chart');
    expect(output).toBe(
      `name=ghcr.io/somebody/charts/multus-eni-reconciler\ndigest=${CHART_DIGEST}\n`,
    );
    expect(calls).toEqual([
      'helm package .build/chart --destination .build/packages',
      'helm registry login ghcr.io --username somebody --password-stdin',
      `helm push .build/packages/multus-eni-reconciler-${version}.tgz oci://ghcr.io/somebody/charts`,
    ]);
    const tarball = `.build/packages/multus-eni-reconciler-${version}.tgz`;
    const values = ['clusterName=demo', 'queueUrl=https://sqs.example/q.fifo', 'region=us-east-1'];
    const set = values.flatMap((value) => ['--set', value]);
    const render = (chart: string, ...more: readonly string[]) =>
      runCommand([program('helm'), 'template', 'x', chart, ...set, ...more], { cwd: ROOT });
    const image = 'ghcr.io/somebody/multus-eni-reconciler';
    const rendered = await render(tarball);
    expect(rendered).toContain(`image: ${image}@${DIGEST}\n`);
    const own = ['--set', `image.repository=${image},image.digest=${DIGEST}`];
    expect(rendered).toBe(await render('deploy/chart', ...own));
  });

  test('has the CLI, an SBOM and what the changelog says', async () => {
    await play('files');
    expect(globSync('*', { cwd: join(ROOT, '.build/release') }).toSorted()).toEqual([
      `multus-eni-reconciler-cli-${version}.tgz`,
      'notes.md',
      'sbom.cdx.json',
    ]);
    const read = (file: string) => readFile(join(ROOT, '.build/release', file), 'utf8');
    expect(JSON.parse(await read('sbom.cdx.json'))).toMatchObject({ bomFormat: 'CycloneDX' });
    expect(await read('notes.md')).toContain('### Added');
  });

  test('is published last, with all of it', async () => {
    const { calls } = await play('release');
    expect(calls).toEqual([
      `gh release create v${version} --verify-tag --title v${version} --notes-file release/notes.md ` +
        'release/*.tgz release/sbom.cdx.json',
    ]);
  });
});

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { startWorld } from '../../../sandbox/world.ts';
import { thirdPartyLicenses } from '../../../scripts/licenses.ts';
import { releasesIn } from '../../../scripts/release/changelog.ts';
import { stageChart } from '../../../scripts/release/chart.ts';
import { whatIsMissing } from '../../../scripts/release/check.ts';
import { packCli } from '../../../scripts/release/cli.ts';
import { krewManifest } from '../../../scripts/release/krew.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));

describe('a tag', () => {
  /** What names the version in a repository, all of it 1.2.3 but what `wrong` replaces. */
  async function repository(wrong: Readonly<Record<string, string>>): Promise<string> {
    const root = await temporaryFolder();
    for (const each of ['chart', 'multus'])
      await mkdir(join(root, 'deploy', each), { recursive: true });
    const files = {
      'package.json': '{ "version": "1.2.3" }',
      'deploy/chart/Chart.yaml': 'version: 1.2.3\nappVersion: 1.2.3\n',
      Dockerfile: `FROM node:24-slim@sha256:${'0'.repeat(64)}\n`,
      'deploy/multus/kustomization.yaml': `resources:\n  - https://example/${'0'.repeat(40)}/a.yml\n`,
      'CHANGELOG.md': '# Changelog\n\n## [1.2.3] - 2026-01-31\n\n- It works.\n',
      ...wrong,
    };
    for (const [file, text] of Object.entries(files)) await writeFile(join(root, file), text);
    return root;
  }

  test('can be released if everything names its version', async () => {
    expect(whatIsMissing('v1.2.3', await repository({}))).toEqual([]);
  });

  test.each([
    ['package.json', '{ "version": "1.2.4" }', 'package.json: version is 1.2.4, not 1.2.3'],
    [
      'deploy/chart/Chart.yaml',
      'version: 1.2.3\nappVersion: 1.2.2\n',
      'deploy/chart/Chart.yaml: appVersion is 1.2.2, not 1.2.3',
    ],
    [
      'CHANGELOG.md',
      '## [Unreleased]\n\n- It works.\n',
      'CHANGELOG.md has no section "## [1.2.3] - <date>"',
    ],
    ['CHANGELOG.md', '## [1.2.3]\n\n- It works.\n', expect.stringContaining('no section')],
    ['CHANGELOG.md', '## [1.2.3] - 2026-01-31\n', 'CHANGELOG.md says nothing of 1.2.3'],
    ['Dockerfile', 'FROM node:24-slim\n', 'Dockerfile names its base without a digest'],
    [
      'deploy/multus/kustomization.yaml',
      'resources:\n  - https://example/master/a.yml\n',
      'deploy/multus/kustomization.yaml names no commit: - https://example/master/a.yml',
    ],
  ])('cannot if %s is %j', async (file, text, said) => {
    expect(whatIsMissing('v1.2.3', await repository({ [file]: text }))).toEqual([said]);
  });

  test.each(['1.2.3', 'v1.2', 'v1.2.3 ', 'latest'])('called %j is none', async (tag) => {
    expect(whatIsMissing(tag, await repository({}))).toEqual([
      `${tag} is no tag of a release, such as v0.2.0`,
    ]);
  });
});

describe('this checkout', () => {
  test('could be released: package.json, chart and changelog name one version', () => {
    expect(whatIsMissing(`v${version}`, ROOT)).toEqual([]);
  });

  test('has a changelog of versions that get lower, under what is not released', async () => {
    const text = await readFile(join(ROOT, 'CHANGELOG.md'), 'utf8');
    const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings[0]).toBe('[Unreleased]');
    const released = [...releasesIn(text)];
    expect(headings.slice(1)).toEqual(released.map(([name, { date }]) => `[${name}] - ${date}`));
    const names = released.map(([name]) => name);
    expect(names).toEqual(names.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true })));
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    for (const section of text.split(/^## /m).slice(1)) {
      const kinds = [...section.matchAll(/^### (.+)$/gm)].map(([, kind]) => kind);
      expect(known).toEqual(expect.arrayContaining(kinds));
      expect(new Set(kinds).size, `kinds of change in ${section.split('\n')[0]}`).toBe(
        kinds.length,
      );
    }
  });
});

describe('the part of a changelog', () => {
  const changelog =
    '# C\n\n## [Unreleased]\n\nu\n\n## [2.0.0] - 2026-02-01\n\nb\n\n### Added\n\n- c\n\n## [1.0.0] - 2026-01-01\n\na\n';

  test('is what stands between the headings of two versions', () => {
    expect([...releasesIn(changelog)]).toEqual([
      ['2.0.0', { date: '2026-02-01', text: 'b\n\n### Added\n\n- c' }],
      ['1.0.0', { date: '2026-01-01', text: 'a' }],
    ]);
  });
});

describe('the packaged chart', () => {
  test('is the chart in files of its own, with the image that the release pushes', async () => {
    const folder = join(await temporaryFolder(), 'chart');
    const digest = `sha256:${'0'.repeat(64)}`;
    const image = { repository: 'ghcr.io/somebody/multus-eni-reconciler', digest };
    await expect(stageChart(ROOT, folder, { ...image, digest: '' })).rejects.toThrow(/no digest/);
    await stageChart(ROOT, folder, image);
    const files = async (of: string) => {
      const entries = await readdir(of, { recursive: true });
      const kept: string[] = [];
      for (const entry of entries) if ((await lstat(join(of, entry))).isFile()) kept.push(entry);
      return kept.toSorted();
    };
    const flat = join(await temporaryFolder(), 'flat');
    await cp(join(ROOT, 'deploy/chart'), flat, { recursive: true });
    expect(await files(folder)).toEqual([...(await files(flat)), 'LICENSE'].toSorted());
    for (const file of await files(flat)) {
      const text = await readFile(join(flat, file), 'utf8');
      const expected =
        file === 'values.yaml'
          ? text
              .replace('repository: ""', `repository: "${image.repository}"`)
              .replace('digest: ""', `digest: "${digest}"`)
          : text;
      expect(await readFile(join(folder, file), 'utf8'), file).toBe(expected);
    }
  });
});

describe('the licenses of others', () => {
  test('name each package that is shipped, and no other', async () => {
    const { packages } = z
      .object({
        packages: z.record(z.string(), z.object({ dev: z.boolean().default(false) })),
      })
      .parse(JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')));
    const text = await thirdPartyLicenses(ROOT);
    const names = Object.entries(packages).filter(([path, { dev }]) => path !== '' && !dev);
    expect(names.length).toBeGreaterThan(50);
    for (const [path] of names) {
      if (!existsSync(join(ROOT, path))) continue;
      const name = path.split('node_modules/').at(-1) ?? '';
      expect(text).toMatch(new RegExp(`^${RegExp.escape(name)} \\d`, 'm'));
    }
    expect(text).not.toMatch(/^vitest \d/m);
  });

  test('give their texts, or their names if there is no text', async () => {
    const root = await temporaryFolder();
    const packages = {
      '': {},
      'node_modules/a': { version: '1.0.0', license: 'MIT' },
      'node_modules/b': { version: '2.0.0', license: 'MIT' },
      'node_modules/c': { version: '3.0.0', license: 'Unlicense' },
      'node_modules/d': { version: '4.0.0', license: 'MIT', dev: true },
      'node_modules/other-platform': { version: '5.0.0' },
    };
    await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages }));
    for (const name of ['a', 'b', 'c', 'd']) {
      await mkdir(join(root, 'node_modules', name), { recursive: true });
      if (name !== 'c') await writeFile(join(root, 'node_modules', name, 'LICENSE.md'), 'As is.\n');
    }
    expect(await thirdPartyLicenses(root)).toBe(
      `a 1.0.0\nb 2.0.0\n\nAs is.\n\n${'-'.repeat(80)}\n\nc 3.0.0\n\nLicense: Unlicense\n`,
    );
  });
});

describe('the packed command line', () => {
  let folder: string;
  let tarball: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-'));
    tarball = await packCli(ROOT, folder);
    await promisify(execFile)('tar', ['-C', folder, '-xzf', tarball]);
    return () => rm(folder, { recursive: true, force: true });
  });

  const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    promisify(execFile)(process.execPath, [join(folder, 'package/multus-eni.js'), ...args], {
      env: { NODE_OPTIONS: process.env.NODE_OPTIONS, ...environment },
    });

  test('has a program, its license and nothing that has to be installed', async () => {
    expect((await readdir(join(folder, 'package'))).toSorted()).toEqual([
      'LICENSE',
      'README.md',
      'THIRD-PARTY-LICENSES',
      'multus-eni.js',
      'package.json',
    ]);
    const manifest = JSON.parse(await readFile(join(folder, 'package/package.json'), 'utf8'));
    expect(manifest).toMatchObject({
      version,
      bin: { 'multus-eni': 'multus-eni.js', 'kubectl-multus_eni': 'multus-eni.js' },
    });
    expect(manifest).not.toHaveProperty('dependencies');
    expect(await readFile(join(folder, 'package/multus-eni.js'), 'utf8')).toMatch(
      /^#!\/usr\/bin\/env -S node --max-semi-space-size=2\n/,
    );
  });

  test('runs with nothing beside it', async () => {
    expect((await run(['--help'])).stdout).toContain('Usage: multus-eni');
    expect((await run(['replay', '--help'])).stdout).toContain('Usage: replay');
  });

  test('reads a cluster’s nodes', async () => {
    const world = await startWorld();
    onTestFinished(() => world.stop());
    const { stdout } = await run(['drift', '--cluster', 'demo', '--json'], {
      ...world.environment,
      HOME: folder,
    });
    expect(JSON.parse(stdout)).toMatchObject({ clusters: [{ cluster: 'demo', nodes: 0 }] });
  });

  test('has at its start what --help needs, and the commands if they are not compiled', async () => {
    const text = await readFile(join(folder, 'package/multus-eni.js'), 'utf8');
    const [start = '', commands = ''] = text.split('\n// What commands need');
    expect(start.length).toBeLessThan(200_000);
    const lines = commands.split('\n').slice(1, -1);
    expect(lines.filter((line) => !line.startsWith('//'))).toEqual([]);
  });

  test('writes the map, with the page in it', async () => {
    const world = await startWorld();
    onTestFinished(() => world.stop());
    const file = join(folder, 'map.html');
    const args = ['map', '--cluster', 'demo', '--output', file];
    await run(args, { ...world.environment, HOME: folder });
    expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>.*<script>.+<\/script>/s);
  });

  test('is a plugin of kubectl by a manifest for Krew', async () => {
    const uri = 'https://example.com/cli.tgz';
    const { spec } = parse(await krewManifest(ROOT, tarball, uri));
    expect(spec.version).toBe(`v${version}`);
    const [linux] = spec.platforms;
    expect(linux).toMatchObject({
      uri,
      bin: 'multus-eni.js',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test.each(['EKS', 'kubeconfig'])('reads a cluster by %s', async (by) => {
    const world = await startWorld();
    onTestFinished(() => world.stop());
    const path = join(folder, 'kubeconfig');
    await writeFile(path, world.cluster.kubernetes.kubeconfig());
    const more = by === 'EKS' ? [] : ['--kubeconfig', path];
    await expect(
      run(
        ['replay', 'cluster', 'demo', '--queue-url', world.queue.url, ...more],
        world.environment,
      ),
    ).rejects.toMatchObject({ code: 3, stdout: expect.stringContaining('Multus') });
  });
});

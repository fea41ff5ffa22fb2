import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { releasesIn } from './changelog.ts';

const TAG = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/;
const manifest = z.object({ version: z.string() });
const chart = z.object({ version: z.string(), appVersion: z.string() });

/**
 * What keeps a tag from being a release, one line each: the tag, package.json, the chart and
 * CHANGELOG.md have to name one version, and the base of the image and Multus' manifest what cannot change.
 *
 * @param tag such as `v0.2.0`.
 * @param root the folder of the repository.
 */
export function whatIsMissing(tag: string, root: string): string[] {
  const version = versionOf(tag);
  if (version === undefined) return [`${tag} is no tag of a release, such as v0.2.0`];
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const ofPackage = manifest.parse(JSON.parse(read('package.json'))).version;
  const ofChart = chart.parse(parse(read('deploy/chart/Chart.yaml')));
  const named: readonly (readonly [where: string, version: string])[] = [
    ['package.json: version', ofPackage],
    ['deploy/chart/Chart.yaml: version', ofChart.version],
    ['deploy/chart/Chart.yaml: appVersion', ofChart.appVersion],
  ];
  const wrong = named
    .filter(([, found]) => found !== version)
    .map(([where, found]) => `${where} is ${found}, not ${version}`);
  if (!/^FROM \S+@sha256:[0-9a-f]{64}$/m.test(read('Dockerfile'))) {
    wrong.push('Dockerfile names its base without a digest');
  }
  const unpinned = read('deploy/multus/kustomization.yaml')
    .split('\n')
    .filter((line) => line.includes('https://') && !/\/[0-9a-f]{40}\//.test(line));
  for (const line of unpinned) {
    wrong.push(`deploy/multus/kustomization.yaml names no commit: ${line.trim()}`);
  }
  const section = releasesIn(read('CHANGELOG.md')).get(version);
  if (section === undefined) {
    wrong.push(`CHANGELOG.md has no section "## [${version}] - <date>"`);
  } else if (section.text === '') {
    wrong.push(`CHANGELOG.md says nothing of ${version}`);
  }
  return wrong;
}

/** The version that a tag names, or `undefined` if it is no release's. */
export function versionOf(tag: string): string | undefined {
  return TAG.exec(tag)?.[1];
}

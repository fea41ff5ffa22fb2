import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { clusterCommands, otherCommands, WALKTHROUGH } from './walkthrough.ts';

const ROOT = join(import.meta.dirname, '../../..');
const commands = [...clusterCommands().map(({ command }) => command), ...otherCommands()];
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));

test('the walkthrough goes through all steps of the guide', () => {
  for (const step of ['3.1', '3.2', '3.3', '3.4', '3.5', '3.6']) {
    expect(WALKTHROUGH).toMatch(new RegExp(`^## ${step} `, 'm'));
  }
  expect(commands.length).toBeGreaterThan(40);
});

test('its commands name files that are there', () => {
  const paths = commands.flatMap((command) => command.match(/\bdeploy\/[\w./*-]+/g) ?? []);
  // One is a pattern, and one is written by a command of the walkthrough itself.
  const others = ['deploy/samples/sampleapp*.yaml', 'deploy/overlays/demo'];
  const there = new Set(paths).difference(new Set(others));
  expect(there.size).toBeGreaterThan(8);
  for (const path of there) expect(existsSync(join(ROOT, path)), path).toBe(true);
});

test('its commands are commands of this project', () => {
  const named = commands.flatMap((command) => command.match(/(?<=npm run )[\w:-]+/g) ?? []);
  expect(named).toEqual(expect.arrayContaining(['image', 'kustomize']));
  for (const name of named) expect(Object.keys(scripts)).toContain(name);
});

test('its links lead somewhere', () => {
  const links = [...WALKTHROUGH.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => target);
  expect(links.length).toBeGreaterThan(2);
  for (const link of links) expect(existsSync(join(ROOT, 'docs', link)), link).toBe(true);
});

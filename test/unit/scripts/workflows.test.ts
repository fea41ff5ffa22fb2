import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

const ROOT = join(import.meta.dirname, '../../..');

const permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const step = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).optional(),
  env: z.record(z.string(), z.string()).optional(),
});
const job = z.looseObject({
  permissions: permissions.optional(),
  'timeout-minutes': z.number().optional(),
  uses: z.string().optional(),
  steps: z.array(step).default([]),
});
const workflow = z.looseObject({
  name: z.string(),
  permissions,
  jobs: z.record(z.string(), job),
});

const TEXTS = new Map<string, string>();
for (const path of globSync('.github/workflows/*.yml', { cwd: ROOT })) {
  TEXTS.set(path, await readFile(join(ROOT, path), 'utf8'));
}
const WORKFLOWS = [...TEXTS].map(([path, text]) => ({ path, ...workflow.parse(parse(text)) }));
const JOBS = WORKFLOWS.flatMap(({ path, permissions: whole, jobs }) =>
  Object.entries(jobs).map(([name, each]) => ({
    where: `${path}: ${name}`,
    rights: each.permissions ?? whole,
    ...each,
  })),
);
const STEPS = JOBS.flatMap(({ where, steps }) => steps.map((each) => ({ where, ...each })));

const manifest = z
  .object({ devDependencies: z.object({ node: z.string() }) })
  .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')));

describe('the workflows', () => {
  test('take every action by a full commit, and say which version it is', () => {
    for (const [path, text] of TEXTS) {
      const used = [...text.matchAll(/^\s*(?:- )?uses: (.+)$/gm)].map(([, action]) => action);
      expect(used, path).not.toEqual([]);
      for (const action of used) {
        expect(action).toMatch(
          /^(\.\/\.github\/workflows\/[a-z]+\.yml|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
        );
      }
    }
  });

  test('take one and the same commit of an action everywhere', () => {
    const used = STEPS.flatMap(({ uses }) => uses ?? []);
    const names = used.map((action) => action.split('@')[0]);
    expect(new Set(used).size).toBe(new Set(names).size);
  });

  test('run the Node.js that package.json names', () => {
    const versions = STEPS.filter(({ uses }) => uses?.startsWith('actions/setup-node@')).map(
      (each) => each.with?.['node-version'],
    );
    expect(versions).not.toEqual([]);
    expect(new Set(versions)).toEqual(new Set([manifest.devDependencies.node]));
  });

  test.each(JOBS)('$where has no more rights than it needs', ({ where, rights }) => {
    const needed: Readonly<Record<string, readonly string[]>> = {
      '.github/workflows/release.yml: image': ['attestations', 'id-token', 'packages'],
      '.github/workflows/release.yml: chart': ['attestations', 'id-token', 'packages'],
      '.github/workflows/release.yml: files': ['attestations', 'id-token'],
      '.github/workflows/release.yml: release': ['contents'],
    };
    const written = Object.keys(rights).filter((right) => rights[right] === 'write');
    expect(written.toSorted()).toEqual(needed[where] ?? []);
  });

  test('install and run nothing if the repository may be written to', () => {
    const writers = JOBS.filter(({ rights }) => rights.contents === 'write');
    expect(writers).toHaveLength(1);
    for (const { steps } of writers) {
      for (const { run = '' } of steps) expect(run).not.toMatch(/\b(npm|npx|node|docker)\b/);
      expect(steps.filter(({ uses }) => uses?.startsWith('actions/checkout'))).toEqual([]);
    }
  });

  test('end by themselves', () => {
    for (const { where, uses, ...each } of JOBS) {
      if (uses === undefined) expect(each['timeout-minutes'], where).toBeLessThanOrEqual(90);
    }
  });

  test('leave no token in the checkout, and put no expression into a script', () => {
    for (const { where, uses, run, ...each } of STEPS) {
      if (uses?.startsWith('actions/checkout@')) {
        expect(each.with, where).toMatchObject({ 'persist-credentials': false });
      }
      expect(run ?? '', where).not.toContain('${{');
    }
  });

  test('run for a change what CI runs, and for a release the same first', () => {
    const runs = STEPS.filter(({ where }) => where === '.github/workflows/ci.yml: ci');
    expect(runs.some(({ run }) => run?.includes('.ci/run'))).toBe(true);
    const release = JOBS.find(({ where }) => where === '.github/workflows/release.yml: ci');
    expect(release?.uses).toBe('./.github/workflows/ci.yml');
  });
});

test('Dependabot moves every pin: actions, npm, Go, pip, images and Terraform', async () => {
  const update = z.looseObject({
    'package-ecosystem': z.string(),
    directory: z.string().optional(),
    directories: z.array(z.string()).default([]),
  });
  const { updates } = z
    .object({ updates: z.array(update) })
    .parse(parse(await readFile(join(ROOT, '.github/dependabot.yml'), 'utf8')));
  const FILES: Readonly<Record<string, string>> = {
    'github-actions': '.github/workflows/*.yml',
    npm: 'package-lock.json',
    gomod: 'test/e2e/parts/*/go.mod',
    pip: 'test/e2e/parts/*/requirements.txt',
    docker: '{Dockerfile,deploy/**/Dockerfile}',
    terraform: 'deploy/terraform/*/versions.tf',
  };
  for (const [ecosystem, pattern] of Object.entries(FILES)) {
    const of = updates.filter((each) => each['package-ecosystem'] === ecosystem);
    const patterns = of.flatMap(({ directory, directories }) =>
      directory === undefined ? directories : [directory],
    );
    const looked = new Set(patterns.flatMap((each) => globSync(join(ROOT, each))));
    const folders = globSync(pattern, { cwd: ROOT }).map((path) =>
      ecosystem === 'github-actions' ? ROOT : dirname(join(ROOT, path)),
    );
    expect(folders.length, ecosystem).toBeGreaterThan(0);
    const norm = (path: string) => path.replace(/\/$/, '');
    const seen = new Set([...looked].map(norm));
    for (const folder of folders) expect(seen, `${ecosystem} ${folder}`).toContain(norm(folder));
  }
});

test('CI asks for known vulnerabilities, beside the tests', () => {
  const audits = STEPS.filter(({ run }) => run?.includes('npm run audit'));
  expect(audits.map(({ where }) => where)).toEqual(['.github/workflows/ci.yml: audit']);
});

describe('the forms for issues', () => {
  const form = z.strictObject({
    name: z.string().min(1),
    description: z.string().min(1),
    labels: z.array(z.string()),
    body: z.array(
      z.strictObject({
        type: z.enum(['markdown', 'textarea', 'input']),
        id: z.string().optional(),
        attributes: z.strictObject({
          label: z.string().optional(),
          description: z.string().optional(),
          value: z.string().optional(),
          render: z.string().optional(),
        }),
        validations: z.strictObject({ required: z.boolean() }).optional(),
      }),
    ),
  });

  test.each(['bug.yml', 'feature.yml'])('%s asks for something, each once', async (file) => {
    const text = await readFile(join(ROOT, '.github/ISSUE_TEMPLATE', file), 'utf8');
    const fields = form.parse(parse(text)).body.filter(({ type }) => type !== 'markdown');
    const ids = fields.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(undefined);
    for (const { attributes } of fields) expect(attributes.label).toBeDefined();
    expect(fields.some(({ validations }) => validations?.required)).toBe(true);
  });
});

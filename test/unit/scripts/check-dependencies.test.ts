import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import configuration from '../../../.dependency-cruiser.ts';
import { checkDependencies } from '../../../scripts/check-dependencies.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const PACKAGES = ['@aws-sdk/client-ec2', '@kubernetes/client-node', 'vitest', 'undeclared'];
const MANIFEST = JSON.stringify({
  type: 'module',
  dependencies: { '@aws-sdk/client-ec2': '1.0.0', '@kubernetes/client-node': '1.0.0' },
  devDependencies: { vitest: '1.0.0' },
});

/** A project of these files, by path, beside its manifest and packages. */
async function createProject(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await temporaryFolder();
  const all: Record<string, string> = { 'package.json': MANIFEST, ...files };
  for (const name of PACKAGES) {
    all[`node_modules/${name}/package.json`] = JSON.stringify({ name, main: 'index.js' });
    all[`node_modules/${name}/index.js`] = '';
  }
  for (const [path, content] of Object.entries(all)) {
    await mkdir(join(root, dirname(path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

function specifierOf(from: string, to: string): string {
  if (!to.endsWith('.ts')) return to;
  const path = relative(dirname(from), to);
  return path.startsWith('.') ? path : `./${path}`;
}

/** The rules that `from` breaks by importing `to`: a file, a package or a part of Node. */
async function rulesBrokenBy(from: string, to: string, words: string): Promise<string[]> {
  const root = await createProject({
    ...(to.endsWith('.ts') ? { [to]: 'export const value = 1; export type Shape = 1;' } : {}),
    [from]: `${words} from '${specifierOf(from, to)}';`,
  });
  const { violations } = await checkDependencies(root);
  return [...new Set(violations.map(({ rule }) => rule))];
}

const VALUE = 'import { value }';
const TYPE = 'import type { Shape }';

const FORBIDDEN: readonly [rule: string, from: string, to: string][] = [
  ['resolvable', 'shared/address.ts', './missing.js'],
  ['declared-package', 'shared/address.ts', 'undeclared'],
  ['shipped-needs-no-development-package', 'functions/sweep/handler.ts', 'vitest'],
  ['shared-knows-no-user', 'shared/config.ts', 'functions/reconcile/handler.ts'],
  ['shared-knows-no-user', 'shared/config.ts', 'forwarder/main.ts'],
  ['shared-knows-no-user', 'shared/config.ts', 'ip-manager/main.ts'],
  ['shared-knows-no-user', 'shared/config.ts', 'cli/main.ts'],
  ['shared-knows-no-user', 'shared/config.ts', 'sandbox/clock.ts'],
  ['programs-apart', 'functions/reconcile/handler.ts', 'forwarder/hints/mailbox.ts'],
  ['programs-apart', 'functions/reconcile/handler.ts', 'functions/sweep/handler.ts'],
  ['programs-apart', 'forwarder/main.ts', 'cli/main.ts'],
  ['programs-apart', 'ip-manager/main.ts', 'forwarder/main.ts'],
  ['programs-apart', 'cli/main.ts', 'functions/sweep/handler.ts'],
  ['functions-share-downwards', 'functions/context.ts', 'functions/sweep/handler.ts'],
  ['functions-share-downwards', 'functions/context.ts', 'forwarder/main.ts'],
  ['console-is-a-page', 'console/page/main.ts', 'cli/main.ts'],
  ['console-is-a-page', 'console/page/main.ts', '@aws-sdk/client-ec2'],
  ['console-is-the-operators', 'functions/sweep/handler.ts', 'console/data.ts'],
  ['sandbox-is-not-shipped', 'forwarder/main.ts', 'sandbox/clock.ts'],
  ['sandbox-is-not-shipped', 'functions/reconcile/handler.ts', 'sandbox/ec2/server.ts'],
  ['sandbox-knows-only-shared', 'sandbox/lambda/poll.ts', 'functions/reconcile/handler.ts'],
  ['sandbox-knows-only-shared', 'sandbox/clock.ts', 'test/clock.ts'],
  ['product-knows-no-check', 'cli/main.ts', 'scripts/bundle.ts'],
  ['deciding-is-pure', 'shared/plan/plan.ts', '@aws-sdk/client-ec2'],
  ['deciding-is-pure', 'shared/plan/plan.ts', '@kubernetes/client-node'],
  ['deciding-is-pure', 'shared/claims/ranges.ts', '@kubernetes/client-node'],
  ['deciding-needs-no-system', 'shared/plan/plan.ts', 'node:fs'],
  ['deciding-needs-no-system', 'shared/plan/choose-eni.ts', 'node:net'],
  ['ground-knows-nothing-of-us', 'shared/time/clock.ts', 'shared/cluster/pods.ts'],
  ['ground-knows-nothing-of-us', 'shared/address.ts', 'shared/enis/eni.ts'],
  ['asking-knows-no-meaning', 'shared/cluster/pods.ts', 'shared/enis/eni.ts'],
  ['asking-knows-no-meaning', 'shared/enis/inventory.ts', 'shared/apply/assign.ts'],
  ['asking-knows-no-meaning', 'shared/messages/schema.ts', 'shared/plan/plan.ts'],
  ['claims-are-of-the-cluster', 'shared/claims/ranges.ts', 'shared/plan/plan.ts'],
  ['claims-are-of-the-cluster', 'shared/claims/ranges.ts', 'shared/enis/eni.ts'],
  ['plan-only-decides', 'shared/plan/plan.ts', 'shared/time/clock.ts'],
  ['plan-only-decides', 'shared/plan/plan.ts', 'shared/messages/schema.ts'],
  ['plan-only-decides', 'shared/plan/plan.ts', 'shared/apply/assign.ts'],
  ['state-only-reads', 'shared/state/node-state.ts', 'shared/apply/assign.ts'],
  ['state-only-reads', 'shared/state/node-state.ts', 'shared/config.ts'],
  ['drift-only-compares', 'shared/drift/drift.ts', 'shared/apply/assign.ts'],
  ['apply-only-applies', 'shared/apply/assign.ts', 'shared/messages/schema.ts'],
  ['oracle-judges-for-itself', 'test/support/oracle/rightful.ts', 'shared/plan/speaker.ts'],
  ['oracle-judges-for-itself', 'test/support/oracle/rightful.ts', 'shared/plan/choose-eni.ts'],
];
/** These say by their very wording that a type may pass. */
const VALUES_ONLY = ['shipped-needs-no-development-package'];

describe('an import against the rules is found', () => {
  test.each(FORBIDDEN)('%s: %s → %s', async (rule, from, to) => {
    expect(await rulesBrokenBy(from, to, VALUE)).toContain(rule);
  });

  const forTypes = FORBIDDEN.filter(([rule]) => !VALUES_ONLY.includes(rule));
  test.each(forTypes)('%s, of a type alone: %s → %s', async (rule, from, to) => {
    expect(await rulesBrokenBy(from, to, TYPE)).toContain(rule);
  });

  test('no-cycle: two modules that import each other', async () => {
    const root = await createProject({
      'cli/a.ts': "import { b } from './b.ts'; export const a = b;",
      'cli/b.ts': "import type { a } from './a.ts'; export const b = 1 as typeof a;",
    });
    const { violations } = await checkDependencies(root);
    expect(violations.map(({ rule }) => rule)).toContain('no-cycle');
  });

  test('no rule is without such a case', () => {
    const rules = configuration.forbidden.map(({ name }) => name);
    const tried = new Set(['no-cycle', ...FORBIDDEN.map(([rule]) => rule)]);
    expect(rules.toSorted()).toEqual([...tried].toSorted());
  });
});

test.each([
  ['functions/reconcile/handler.ts', 'shared/plan/plan.ts', VALUE],
  ['functions/reconcile/handler.ts', 'functions/reconcile/tell/tell.ts', VALUE],
  ['functions/reconcile/handler.ts', 'functions/context.ts', VALUE],
  ['functions/reconcile/handler.ts', 'vitest', TYPE],
  ['forwarder/main.ts', '@kubernetes/client-node', VALUE],
  ['forwarder/main.ts', 'node:http', VALUE],
  ['sandbox/clock.ts', 'shared/time/clock.ts', VALUE],
  ['test/unit/forwarder/hints/mailbox.test.ts', 'sandbox/clock.ts', VALUE],
  ['demo/main.ts', 'sandbox/clock.ts', VALUE],
  ['bench/latency.ts', 'sandbox/clock.ts', VALUE],
  ['shared/plan/plan.ts', 'shared/claims/ranges.ts', VALUE],
  ['shared/plan/plan.ts', 'shared/address.ts', VALUE],
  ['shared/plan/plan.ts', 'shared/plan/choose-eni.ts', VALUE],
  ['shared/plan/plan.ts', 'shared/enis/eni.ts', TYPE],
  ['shared/plan/plan.ts', 'shared/cluster/kubernetes.ts', TYPE],
  ['shared/apply/assign.ts', 'shared/plan/plan.ts', VALUE],
])('an import that follows the arrows passes: %s → %s', async (from, to, words) => {
  expect(await rulesBrokenBy(from, to, words)).toEqual([]);
});

test('a decision reaches AWS through no module in between', async () => {
  const root = await createProject({
    'shared/plan/plan.ts': "import { value } from '../enis/inventory.ts'; export const a = value;",
    'shared/enis/inventory.ts': "export { value } from '@aws-sdk/client-ec2';",
  });
  const { violations } = await checkDependencies(root);
  expect(violations.map(({ rule }) => rule)).toContain('deciding-is-pure');
});

test('a project of which no module is read is told apart from one without violations', async () => {
  expect(await checkDependencies(await createProject({}))).toEqual({ modules: 0, violations: [] });
});

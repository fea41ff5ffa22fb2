/** Checks that imports point the way that .dependency-cruiser.ts says. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cruise } from 'dependency-cruiser';
import configuration from '../.dependency-cruiser.ts';

const FOLDERS = [
  ...['functions', 'shared', 'forwarder', 'ip-manager', 'cli', 'console'],
  ...['config', 'resources', 'sandbox', 'conformance', 'demo', 'bench', 'scripts', 'test'],
];

export interface DependencyReport {
  /** Modules of ours that were read; none means that nothing was checked. */
  readonly modules: number;
  readonly violations: readonly {
    readonly rule: string;
    readonly from: string;
    readonly to: string;
  }[];
}

/** Reads the imports of the project in `root` and holds them against the rules. */
export async function checkDependencies(root: string): Promise<DependencyReport> {
  const folders = FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const { output } = await cruise(folders, {
    ...configuration.options,
    ruleSet: { forbidden: configuration.forbidden },
    validate: true,
    baseDir: root,
  });
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with text');
  const ours = output.modules.filter((module) => !module.source.includes('node_modules/'));
  return {
    modules: ours.filter((module) =>
      folders.some((folder) => module.source.startsWith(`${folder}/`)),
    ).length,
    violations: output.summary.violations.map(({ rule, from, to }) => ({
      rule: rule.name,
      from,
      to,
    })),
  };
}

if (import.meta.main) {
  const { modules, violations } = await checkDependencies(resolve(import.meta.dirname, '..'));
  const comments = new Map(configuration.forbidden.map(({ name, comment }) => [name, comment]));
  for (const { rule, from, to } of violations) {
    console.error(`${from} → ${to}\n  ${rule}: ${comments.get(rule)}`);
  }
  if (modules === 0) console.error('No module was read, so nothing was checked.');
  console.log(`${modules} modules, ${violations.length} violations`);
  if (modules === 0 || violations.length > 0) process.exitCode = 1;
}

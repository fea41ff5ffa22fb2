import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { parseStage } from '../../../config/read.ts';
import { stackOf } from '../../../resources/stack.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

type Environment = Readonly<Record<string, string>>;

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder like the repository's, with configurations of its own. */
export interface Service {
  readonly folder: string;
  /** Runs `serverless`. Rejects if it fails; the error's `stdout` says why. */
  serverless(args: readonly string[], env?: Environment): Promise<Output>;
  /** Runs a program of the repository's `scripts/`. Rejects if it fails. */
  node(args: readonly string[], env?: Environment): Promise<Output>;
  remove(): Promise<void>;
}

/** @param stages the text of `config/<stage>.yml`, by stage. */
export async function serviceWith(stages: Readonly<Record<string, string>>): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'service-'));
  await cp(join(ROOT, 'serverless.yml'), join(folder, 'serverless.yml'));
  await symlink(join(ROOT, 'scripts'), join(folder, 'scripts'));
  await mkdir(join(folder, 'config'));
  for (const [stage, text] of Object.entries(stages)) {
    await writeFile(join(folder, 'config', `${stage}.yml`), text);
  }
  const run = promisify(execFile);
  const node = (args: readonly string[], env: Environment = {}): Promise<Output> =>
    run(process.execPath, [...args], { cwd: folder, env: { ...process.env, ...env } });
  return {
    folder,
    node,
    serverless: (args, env = {}) =>
      node([join(ROOT, 'node_modules/serverless/bin/serverless.js'), ...args], {
        SLS_SCHEMA_CACHE_BASE_DIR: join(ROOT, 'node_modules/.cache'),
        ...env,
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

const template = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Type: z.string(),
      Properties: z.record(z.string(), z.unknown()).default({}),
    }),
  ),
  Outputs: z.record(
    z.string(),
    z.object({
      Description: z.string().optional(),
      Value: z.unknown(),
      Export: z.object({ Name: z.string() }).optional(),
    }),
  ),
});

export type Template = z.infer<typeof template>;

/**
 * The resources that a configuration gives, without osls's own; test/unit/resources/packaged.test.ts shows
 * that `serverless package` has them word for word.
 */
export function templateOf(stageText: string): Template {
  const { template: made } = stackOf('test', parseStage(stageText, 'config/test.yml'));
  return template.parse(JSON.parse(JSON.stringify(made)));
}

/** What `serverless package` makes of a stage. */
export interface Packaged {
  /** As it is sent to CloudFormation. */
  readonly text: string;
  readonly template: Template;
  /** Of each function, in bytes. */
  readonly zipBytes: Readonly<Record<'reconcile' | 'sweep', number>>;
}

/** Packages a stage as `serverless deploy` would, without AWS. */
export async function packaged(stageText: string): Promise<Packaged> {
  const service = await serviceWith({ test: stageText });
  try {
    await service.serverless(['package', '--stage', 'test']);
    const written = join(service.folder, '.serverless/cloudformation-template-update-stack.json');
    const bytesOf = async (name: string): Promise<number> =>
      (await readFile(join(service.folder, '.serverless', `${name}.zip`))).length;
    const text = await readFile(written, 'utf8');
    return {
      text,
      template: template.parse(JSON.parse(text)),
      zipBytes: { reconcile: await bytesOf('reconcile'), sweep: await bytesOf('sweep') },
    };
  } finally {
    await service.remove();
  }
}

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { bundleFunction, FUNCTIONS } from '../../scripts/bundle.ts';
import { zip } from '../../scripts/zip.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const run = promisify(execFile);

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'package-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe.each(FUNCTIONS)('the bundle of %s', (name) => {
  test('exports its handler to a CommonJS loader that finds no packages', async () => {
    const { folder } = await bundleFunction(name, await temporaryFolder());
    const { stdout } = await run(
      process.execPath,
      ['--print', `typeof require(${JSON.stringify(join(folder, 'index.js'))}).handler`],
      {
        cwd: folder,
        env: {
          ...process.env,
          AWS_REGION: 'us-east-1',
          CLUSTERS: '[{"name":"demo"}]',
          QUEUE_URL: 'http://127.0.0.1:9/queue',
          DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1:9/dead-letter',
        },
      },
    );
    expect(stdout).toBe('function\n');
  });
});

test('a zip is the same for the same files, and gives them back', () => {
  const [a, b] = [new TextEncoder().encode('a'), new TextEncoder().encode('b')];
  const archive = zip({ 'x/a.js': a, 'b.js': b });
  expect(zip({ 'b.js': b, 'x/a.js': a })).toEqual(archive);
  expect(unzipSync(archive)).toEqual({ 'x/a.js': a, 'b.js': b });
});

const template = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

/** The resources that `serverless package` makes of serverless.yml, by logical id. */
async function packagedResources() {
  const folder = await temporaryFolder();
  await cp(join(ROOT, 'serverless.yml'), join(folder, 'serverless.yml'));
  await cp(join(ROOT, 'resources'), join(folder, 'resources'), { recursive: true });
  await mkdir(join(folder, '.build'));
  for (const name of FUNCTIONS) await writeFile(join(folder, `.build/${name}.zip`), zip({}));
  await run(join(ROOT, 'node_modules/.bin/serverless'), ['package'], {
    cwd: folder,
    env: { ...process.env, SLS_SCHEMA_CACHE_BASE_DIR: join(ROOT, 'node_modules/.cache') },
  });
  const file = join(folder, '.serverless/cloudformation-template-update-stack.json');
  return template.parse(JSON.parse(await readFile(file, 'utf8'))).Resources;
}

test('serverless.yml gives the functions a queue that keeps the promises of the design', async () => {
  const resources = await packagedResources();
  const properties = (id: string): Record<string, unknown> | undefined => resources[id]?.Properties;
  expect(properties('ReconcileLambdaFunction')).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: '.build/reconcile/index.handler',
    Timeout: 60,
    Environment: {
      Variables: {
        QUEUE_URL: { Ref: 'Queue' },
        DEAD_LETTER_QUEUE_URL: { Ref: 'DeadLetterQueue' },
      },
    },
  });
  expect(properties('Queue')).toMatchObject({
    FifoQueue: true,
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
    VisibilityTimeout: 6 * 60,
    RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] } },
  });
  expect(properties('DeadLetterQueue')).toMatchObject({
    FifoQueue: true,
    MessageRetentionPeriod: 14 * 24 * 60 * 60,
  });
  expect(properties('ReconcileEventSourceMappingSQSQueue')).toMatchObject({
    BatchSize: 10,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
  });
  expect(properties('SweepSchedulerSchedule1')).toMatchObject({
    ScheduleExpression: 'rate(5 minutes)',
  });
});

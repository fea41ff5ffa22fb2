import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { packaged } from '../stack/service.ts';
import { pythonTools } from './python-tools.ts';

const EXAMPLE = readFileSync(new URL('../../config/example.yml', import.meta.url), 'utf8');
const EVERYTHING = `
region: us-east-1
alarmTopicArn: arn:aws:sns:us-east-1:111122223333:on-call
vpc: { subnetIds: [subnet-0123456789abcdef0], securityGroupIds: [sg-0123456789abcdef0] }
clusters:
  - name: new
  - name: old_one
    access: aws-auth
    privateEndpoint: true
    forwarder:
      identity: irsa
      oidcProvider: oidc.eks.us-east-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF
`;
const REGIONS = ['us-east-1', 'eu-central-1', 'us-gov-west-1', 'cn-north-1'];

let cfnLint: string;

beforeAll(async () => {
  cfnLint = (await pythonTools())('cfn-lint');
});

async function lint(template: string, ...args: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cfn-lint-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'template.json');
  await writeFile(file, template);
  const done = promisify(execFile)(cfnLint, ['--template', file, ...args]);
  return done.then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: unknown) => JSON.stringify(error),
  );
}

test.each([
  ['the example', EXAMPLE],
  ['a stage with everything', EVERYTHING],
])(
  'the packaged template of %s has no error and no warning, in any partition',
  async (_, stage) => {
    const { text } = await packaged(stage);
    expect(await lint(text, '--regions', ...REGIONS)).toBe('');
  },
);

test('a template that is wrong is seen', async () => {
  const { text } = await packaged(EXAMPLE);
  const wrong = text.replace('"nodejs24.x"', '"nodejs99.x"');
  expect(await lint(wrong)).toMatch(/E3030 'nodejs99\.x' is not one of/);
});

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { MOTO_CREDENTIALS } from './moto-clients.ts';
import { pythonTools } from './python-tools.ts';

/*
 * docs/repairs.md marks what nobody has tried. That the AWS CLI takes its commands can be known all the same: it
 * answers `--generate-cli-skeleton` without a call.
 */

const run = promisify(execFile);
const ENVIRONMENT = {
  PATH: process.env.PATH,
  AWS_CONFIG_FILE: '/nonexistent',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: MOTO_CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: MOTO_CREDENTIALS.secretAccessKey,
};

let pathOf: (program: string) => string;
beforeAll(async () => {
  pathOf = await pythonTools();
});

/** The words of each command of the page that is one of the AWS CLI, with names in the place of `<name>`. */
function commands(): string[][] {
  const page = readFileSync(new URL('../../docs/repairs.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^```\n(.*?)^```/gms)].map(([, text = '']) => text);
  return blocks
    .flatMap((text) => text.replaceAll(/\\\n\s*/g, '').split('\n'))
    .filter((line) => line.startsWith('aws '))
    .map((line) =>
      line
        .replaceAll(/<([^>]+)>/g, '$1')
        .split(/\s+/)
        .slice(1),
    );
}

test('the AWS CLI knows every command that repairs, and each of its options', async () => {
  const all = commands();
  expect(all.length).toBeGreaterThan(6);
  // What waits has no answer to show.
  for (const command of all.filter(([, operation]) => operation !== 'wait')) {
    const args = [...command, '--generate-cli-skeleton', 'input'];
    const failure = await run(pathOf('aws'), args, { env: ENVIRONMENT }).catch(
      ({ stderr }: { stderr: string }) => stderr.trim(),
    );
    expect({ command: command.join(' '), failure }).toMatchObject({
      failure: { stdout: expect.any(String) },
    });
  }
});

test('a change set may revert drift', async () => {
  const script =
    'import botocore.session as s; print(s.get_session().get_service_model("cloudformation").shape_for("DeploymentMode").enum)';
  const { stdout } = await run(pathOf('python'), ['-c', script], { env: ENVIRONMENT });
  expect(stdout).toContain('REVERT_DRIFT');
  expect(commands().flat()).toContain('REVERT_DRIFT');
});

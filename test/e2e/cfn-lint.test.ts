import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { clusterTemplate } from '../../resources/cluster-stack.ts';
import { type Packaged, packaged } from '../unit/resources/service.ts';
import { pythonTools } from './python-tools.ts';
import { type ResourceType, resourceTypes } from './support/resource-types.ts';

const EXAMPLE = readFileSync(new URL('../../config/example.yml', import.meta.url), 'utf8');
const EVERYTHING = `
region: us-east-1
tags: { owner: network-team }
iam: { permissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary', path: /network/, namePrefix: corp- }
kmsKeyArn: arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
codeSigningConfigArn: arn:aws:lambda:us-east-1:111122223333:code-signing-config:csc-0123456789abcdef0
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

const finding = z.object({
  Filename: z.string(),
  Rule: z.object({ Id: z.string() }),
  Message: z.string(),
});

interface Finding {
  /** Of the template. */
  readonly name: string;
  readonly text: string;
}

/** What cfn-lint finds in all templates: it takes seconds to begin, so it begins once. */
let findings: readonly Finding[];
let everythingMade: Packaged;
let typeOf: (name: string) => ResourceType;

beforeAll(async () => {
  const cfnLint = (await pythonTools())('cfn-lint');
  typeOf = resourceTypes(cfnLint);
  const [example, everything] = await Promise.all([packaged(EXAMPLE), packaged(EVERYTHING)]);
  everythingMade = everything;
  const templates = {
    example: example.text,
    everything: everything.text,
    cluster: JSON.stringify(clusterTemplate()),
    wrong: example.text.replace('"nodejs24.x"', '"nodejs99.x"'),
  };
  const folder = await mkdtemp(join(tmpdir(), 'cfn-lint-'));
  try {
    for (const [name, text] of Object.entries(templates)) {
      await writeFile(join(folder, `${name}.json`), text);
    }
    findings = await lint(cfnLint, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

async function lint(cfnLint: string, folder: string): Promise<Finding[]> {
  const args = [join(folder, '*.json'), '--format', 'json', '--regions', ...REGIONS];
  const { stdout } = await promisify(execFile)(cfnLint, args).catch((error: unknown) =>
    // It ends with another status than 0 if it finds anything.
    z.object({ stdout: z.string() }).parse(error),
  );
  return z
    .array(finding)
    .parse(JSON.parse(stdout))
    .map(({ Filename, Rule, Message }) => ({
      name: basename(Filename, '.json'),
      text: `${Rule.Id} ${Message}`,
    }));
}

function findingsIn(name: string): string[] {
  return findings.filter((each) => each.name === name).map(({ text }) => text);
}

test.each([
  ['the example', 'example'],
  ['a stage with everything', 'everything'],
  ['a cluster that joined', 'cluster'],
])('the template of %s has no error and no warning, in any partition', (_, name) => {
  expect(findingsIn(name)).toEqual([]);
});

test('every resource that takes tags has those of the configuration', () => {
  const { Resources } = everythingMade.template;
  const untagged = Object.entries(Resources)
    .filter(([, { Type }]) => typeOf(Type).tagging.taggable)
    .filter(
      ([, { Properties }]) => !JSON.stringify(Properties.Tags ?? '').includes('network-team'),
    );
  expect(untagged.map(([id]) => id)).toEqual([]);
});

test('a template that is wrong is seen', () => {
  expect(findingsIn('wrong')).toEqual([
    expect.stringMatching(/^E3030 'nodejs99\.x' is not one of/),
  ]);
});

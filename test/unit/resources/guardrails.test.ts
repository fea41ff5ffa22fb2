import { beforeAll, describe, expect, test } from 'vitest';
import { ConfigurationError, parseStage } from '../../../config/read.ts';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { isAllowed, rolesOf } from './roles.ts';
import { type Packaged, packaged, templateOf } from './service.ts';

const HEAD =
  'region: us-east-1\nclusters: [{ name: demo }, { name: a-very-long-name-of-a-cluster }]\n';
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const BOUNDARY = `arn:aws:iam::${ACCOUNT}:policy/boundary`;
const CODE_SIGNING = `arn:aws:lambda:us-east-1:${ACCOUNT}:code-signing-config:csc-0123456789abcdef0`;
const EVERYTHING = `${HEAD}
tags: { owner: net team, cost-centre: '4711' }
iam: { permissionsBoundary: '${BOUNDARY}', path: /network/, namePrefix: corp- }
kmsKeyArn: ${KEY}
codeSigningConfigArn: ${CODE_SIGNING}
deployment: { bucket: corp-deployments }
memoryMiB: { reconcile: 1024, sweep: 2048 }
tracing: true
dashboard: false
fipsEndpoints: true
runbookUrl: https://wiki.example.com/runbook
`;
const TAGS = [
  { Key: 'owner', Value: 'net team' },
  { Key: 'cost-centre', Value: '4711' },
];

describe('a stage with every guardrail', () => {
  let stack: Packaged;

  beforeAll(async () => {
    stack = await packaged(EVERYTHING);
  });

  const ofType = (type: string) =>
    Object.values(stack.template.Resources)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties);

  test.each([
    'AWS::CloudWatch::Alarm',
    'AWS::EKS::AccessEntry',
    'AWS::EKS::PodIdentityAssociation',
    'AWS::IAM::Role',
    'AWS::Lambda::EventSourceMapping',
    'AWS::Lambda::Function',
    'AWS::Logs::LogGroup',
    'AWS::SNS::Topic',
    'AWS::SQS::Queue',
  ])('tags each %s', (type) => {
    expect(ofType(type).length).toBeGreaterThan(0);
    for (const properties of ofType(type)) expect(properties.Tags).toEqual(TAGS);
  });

  test('tags the parameters in SSM, whose tags are an object', () => {
    const tags = Object.fromEntries(TAGS.map(({ Key, Value }) => [Key, Value]));
    const parameters = ofType('AWS::SSM::Parameter');
    expect(parameters.length).toBeGreaterThan(1);
    for (const parameter of parameters) expect(parameter).toMatchObject({ Tags: tags });
  });

  test('bounds each role, and gives it the path and a name of its own with the prefix', () => {
    const roles = ofType('AWS::IAM::Role');
    for (const role of roles) {
      expect(role).toMatchObject({ PermissionsBoundary: BOUNDARY, Path: '/network/' });
      expect(role.RoleName).toMatch(/^corp-multus-eni-test-us-east-1-[\w-]+$/);
      expect(String(role.RoleName).length).toBeLessThanOrEqual(64);
    }
    expect(new Set(roles.map(({ RoleName }) => RoleName)).size).toBe(roles.length);
  });

  test('encrypts queues, topic, logs and environments with the key', () => {
    for (const queue of ofType('AWS::SQS::Queue')) {
      expect(queue).toMatchObject({ KmsMasterKeyId: KEY });
      // CloudFormation refuses both.
      expect(queue).not.toHaveProperty('SqsManagedSseEnabled');
    }
    expect(ofType('AWS::SNS::Topic')).toMatchObject([{ KmsMasterKeyId: KEY }]);
    for (const group of ofType('AWS::Logs::LogGroup'))
      expect(group).toMatchObject({ KmsKeyId: KEY });
    for (const made of ofType('AWS::Lambda::Function'))
      expect(made).toMatchObject({ KmsKeyArn: KEY });
  });

  test('has functions that are signed, call FIPS endpoints and are as large as was said', () => {
    const functions = ofType('AWS::Lambda::Function');
    for (const made of functions) {
      expect(made).toMatchObject({
        CodeSigningConfigArn: CODE_SIGNING,
        Environment: { Variables: { AWS_USE_FIPS_ENDPOINT: 'true' } },
        TracingConfig: { Mode: 'Active' },
      });
    }
    expect(functions.map(({ MemorySize }) => MemorySize).toSorted()).toEqual([1024, 2048]);
    expect(JSON.stringify(stack.template)).toContain('xray:');
  });

  test('has neither a dashboard nor a bucket of its own', () => {
    expect(ofType('AWS::CloudWatch::Dashboard')).toEqual([]);
    expect(ofType('AWS::S3::Bucket')).toEqual([]);
  });

  test('has alarms that link to the runbook', () => {
    for (const { AlarmDescription } of ofType('AWS::CloudWatch::Alarm')) {
      expect(AlarmDescription).toMatch(/ https:\/\/wiki\.example\.com\/runbook#[a-z-]+$/);
    }
  });
});

describe('with a key of one’s own', () => {
  const roles = rolesOf(templateOf(`${HEAD}kmsKeyArn: ${KEY}\n`));
  const through = (service: string) => ({
    'kms:ViaService': `${service}.${REGION}.amazonaws.com`,
  });

  test.each(['ReconcileRole', 'SweepRole', 'ForwarderRoleDemo'])(
    '%s may use it through SQS, in any partition, and in no other way',
    async (role) => {
      const statements = roles.get(role) ?? [];
      for (const action of ['kms:Decrypt', 'kms:GenerateDataKey']) {
        const may = (context: Readonly<Record<string, string>>, resource = KEY) =>
          isAllowed(statements, { action, resource, context });
        expect(await may(through('sqs'))).toBe(true);
        expect(await may({ 'kms:ViaService': `sqs.${REGION}.amazonaws.com.cn` })).toBe(true);
        expect(await may(through('s3'))).toBe(false);
        expect(await may({})).toBe(false);
        expect(await may(through('sqs'), KEY.replace('1234abcd', 'ffffffff'))).toBe(false);
      }
    },
  );
});

describe('a guardrail that is wrong is named with its line, and with what is wanted:', () => {
  test.each([
    ['tags: { "aws:owner": me }', 'tags.aws:owner: AWS keeps tags that begin with aws:'],
    ['tags: { owner: "a|b" }', 'tags.owner: a tag’s value has at most 256'],
    ['tags: { "a|b": me }', 'tags.a|b: a tag’s key has 1 to 128'],
    ['tags: { owner: 4711 }', 'tags.owner: Invalid input: expected string'],
    ['iam: { permissionsBoundary: boundary }', 'iam.permissionsBoundary: not the ARN of a policy'],
    ['iam: { path: network }', 'iam.path: not a path: it begins and ends with /'],
    ['iam: { path: /network }', 'iam.path: not a path: it begins and ends with /'],
    ['iam: { namePrefix: "corp " }', 'iam.namePrefix: not a prefix: 1 to 20 letters'],
    ['iam: { prefix: corp }', 'iam.prefix: unknown key'],
    ['kmsKeyArn: alias/mine', 'kmsKeyArn: not the ARN of a key (an alias will not do)'],
    [
      `kmsKeyArn: ${KEY.replace('us-east-1', 'eu-west-1')}`,
      'kmsKeyArn: is of eu-west-1, the stage of us-east-1: name one of us-east-1',
    ],
    ['codeSigningConfigArn: mine', 'codeSigningConfigArn: not the ARN of a code signing'],
    [
      `codeSigningConfigArn: ${CODE_SIGNING.replace('us-east-1', 'eu-west-1')}`,
      'codeSigningConfigArn: is of eu-west-1, the stage of us-east-1',
    ],
    [
      `alarmTopicArn: arn:aws:sns:eu-west-1:${ACCOUNT}:on-call`,
      'alarmTopicArn: is of eu-west-1, the stage of us-east-1',
    ],
    ['deployment: { bucket: UPPER }', 'deployment.bucket: not the name of an S3 bucket'],
    ['deployment: { role: deployer }', 'deployment.role: not the ARN of a role'],
    ['deployment: { changeSets: 1 }', 'deployment.changeSets: Invalid input: expected boolean'],
    ['memoryMiB: { sweep: 128 }', 'memoryMiB.sweep: at least 256 MiB'],
    ['memoryMiB: { reconcile: 20000 }', 'memoryMiB.reconcile: Lambda gives at most 10240 MiB'],
    ['memoryMiB: 512', 'memoryMiB: Invalid input: expected object'],
    ['tracing: active', 'tracing: Invalid input: expected boolean'],
    ['runbookUrl: docs/runbook.md', 'runbookUrl: not an address, such as https://'],
  ])('%s', (line, mistake) => {
    const parse = () => parseStage(`${HEAD}${line}\n`, 'config/prod.yml');
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(new RegExp(`^config/prod\\.yml:3:\\d+: ${RegExp.escape(mistake)}`));
  });

  test('more tags than a stack takes', () => {
    const many = Object.fromEntries(Array.from({ length: 46 }, (_, index) => [`t${index}`, 'x']));
    expect(() => parseStage(`${HEAD}tags: ${JSON.stringify(many)}\n`, 'c.yml')).toThrow(
      'c.yml:3:1: tags: 46 tags: a stack takes 45',
    );
  });
});

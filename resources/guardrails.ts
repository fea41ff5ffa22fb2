import { createHash } from 'node:crypto';
import type { StageSettings } from '../config/schema.ts';
import type { Resource, Resources } from './cloudformation.ts';
import { FUNCTION_IDS } from './names.ts';

type Properties = Readonly<Record<string, unknown>>;

/** Its tags are an object, from each key to its value. */
const AS_OBJECT = 'AWS::SSM::Parameter';

/**
 * The types of ours that take tags (`tagging` in the schema of the resource type;
 * test/e2e/cfn-lint.test.ts holds it against them).
 */
const TAGGED = new Set([
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::DynamoDB::Table',
  'AWS::EKS::AccessEntry',
  'AWS::EKS::PodIdentityAssociation',
  'AWS::Events::Rule',
  'AWS::IAM::Role',
  'AWS::SNS::Topic',
  'AWS::SQS::Queue',
  AS_OBJECT,
]);

/** IAM's limit (IAM User Guide, "IAM and AWS STS quotas"). */
const MAX_ROLE_NAME = 64;

/** The resources of a stage as the configuration's guardrails want them. Pure. */
export function guarded(stage: string, settings: StageSettings, resources: Resources): Resources {
  return Object.fromEntries(
    Object.entries(resources).map(([id, resource]) => [
      id,
      guardedOne(stage, settings, id, resource),
    ]),
  );
}

function guardedOne(
  stage: string,
  settings: StageSettings,
  id: string,
  { Properties, ...rest }: Resource,
): Resource {
  return {
    ...rest,
    Properties: {
      ...encrypted(settings, rest.Type, Properties),
      ...(rest.Type === 'AWS::IAM::Role' && roleOf(stage, settings, id)),
      ...(TAGGED.has(rest.Type) && tagged(settings, rest.Type)),
    },
  };
}

function encrypted({ kmsKeyArn }: StageSettings, type: string, properties: Properties): Properties {
  if (kmsKeyArn === undefined) return properties;
  if (type === 'AWS::SNS::Topic') return { ...properties, KmsMasterKeyId: kmsKeyArn };
  if (type !== 'AWS::SQS::Queue') return properties;
  const { SqsManagedSseEnabled: _, ...others } = properties;
  return { ...others, KmsMasterKeyId: kmsKeyArn };
}

function roleOf(stage: string, { iam, region }: StageSettings, id: string): Properties {
  const { path, permissionsBoundary, namePrefix } = iam ?? {};
  return {
    ...(path !== undefined && { Path: path }),
    ...(permissionsBoundary !== undefined && { PermissionsBoundary: permissionsBoundary }),
    ...(namePrefix !== undefined && {
      RoleName: shortened(`${namePrefix}multus-eni-${stage}-${region}-${id}`),
    }),
  };
}

/** Roles are the account's and not a Region's. What is too long ends with a hash of the whole. */
function shortened(name: string): string {
  if (name.length <= MAX_ROLE_NAME) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_ROLE_NAME - hash.length - 1)}-${hash}`;
}

function tagged({ tags }: StageSettings, type?: string): Properties {
  if (tags === undefined) return {};
  if (type === AS_OBJECT) return { Tags: tags };
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

/** What the guardrails add to the resources that osls makes, by logical id. Pure. */
export function guardedOfOsls(settings: StageSettings): Record<string, { Properties: Properties }> {
  const { kmsKeyArn, codeSigningConfigArn } = settings;
  const functionProperties = {
    ...tagged(settings),
    ...(kmsKeyArn !== undefined && { KmsKeyArn: kmsKeyArn }),
    ...(codeSigningConfigArn !== undefined && { CodeSigningConfigArn: codeSigningConfigArn }),
  };
  const logGroup = {
    ...tagged(settings),
    ...(kmsKeyArn !== undefined && { KmsKeyId: kmsKeyArn }),
  };
  const added: [string, Properties][] = [
    [FUNCTION_IDS.reconcile, functionProperties],
    [FUNCTION_IDS.sweep, functionProperties],
    ['ReconcileLogGroup', logGroup],
    ['SweepLogGroup', logGroup],
    ['ReconcileEventSourceMappingSQSQueue', tagged(settings)],
  ];
  return Object.fromEntries(
    added
      .filter(([, properties]) => Object.keys(properties).length > 0)
      .map(([id, Properties]) => [id, { Properties }]),
  );
}

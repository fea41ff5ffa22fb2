import { KUBERNETES_GROUP } from '../shared/cluster/errors.ts';
import { alarmResource } from './alarm-resources.ts';
import { clusterAlarms, queueAlarms } from './alarms.ts';
import {
  getAtt,
  policy,
  type Resource,
  type Resources,
  ref,
  type StackOutput,
} from './cloudformation.ts';
import { PARAMETERS, SWEEP_MINUTES } from './cluster-parameters.ts';
import { SEND_MESSAGES, trustOfPodIdentity } from './forwarder-identity.ts';
import { clusterQueueNames, settingsPath, stackName } from './names.ts';
import { type Exported, exportName } from './outputs.ts';
import { owner } from './owner.ts';
import { queuePair } from './queues.ts';
import { flexibleWindow, rateOf, sweepSchedule, windowMinutesOf } from './schedule.ts';

/*
 * The stack of one cluster: a template without code and assets, that any tool deploys beside the
 * account's stack. Texts with `${…}` become `Fn::Sub`.
 */

const STAGE = `\${Stage}`;
const CLUSTER = `\${ClusterName}`;
const IS_NAMED = (parameter: string): unknown => ({
  'Fn::Not': [{ 'Fn::Equals': [ref(parameter), ''] }],
});
const NO_VALUE = ref('AWS::NoValue');

/** `then` if the condition holds, and `otherwise` if not. */
function when(condition: string, then: unknown, otherwise: unknown = NO_VALUE): unknown {
  return { 'Fn::If': [condition, then, otherwise] };
}

function imported(key: Exported): unknown {
  return { 'Fn::ImportValue': exportName(STAGE, key) };
}

/** The template of a cluster's stack, the same for all. Pure. */
export function clusterTemplate(): unknown {
  return substituted({
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'One cluster of multus-eni-reconciler: its queue, access, forwarder, sweeps and alarms',
    Parameters: PARAMETERS,
    Mappings: {
      Sweeps: Object.fromEntries(
        SWEEP_MINUTES.map((minutes) => [
          String(minutes),
          { Rate: rateOf(minutes), Seconds: minutes * 60, Window: windowMinutesOf(minutes) },
        ]),
      ),
    },
    Conditions: {
      HasAccessEntries: { 'Fn::Equals': [ref('Access'), 'access-entry'] },
      HasOidcProvider: IS_NAMED('OidcProvider'),
      HasPodIdentity: { 'Fn::Equals': [ref('OidcProvider'), ''] },
      HasOurs: IS_NAMED('Ours'),
      AdvertisesRoom: { 'Fn::Equals': [ref('AdvertiseRoom'), 'true'] },
      SweepsEachMinute: { 'Fn::Equals': [ref('SweepMinutes'), '1'] },
      HasTopic: IS_NAMED('AlarmTopicArn'),
      HasKey: IS_NAMED('KmsKeyArn'),
      HasBoundary: IS_NAMED('PermissionsBoundary'),
      HasOperators: IS_NAMED('Operators'),
    },
    Resources: {
      ...queues(),
      ...access(),
      ...forwarder(),
      ...sweeps(),
      ...settings(),
      ...alarms(),
    },
    Outputs: OUTPUTS,
  });
}

function queues(): Resources {
  const pair = queuePair(clusterQueueNames(STAGE, `\${QueueName}`), {
    functions: [imported('ReconcileRoleArn'), imported('SweepRoleArn')],
    forwarders: [ROLE_ARN],
    operators: when('HasOperators', {
      'aws:PrincipalArn': { 'Fn::Split': [',', ref('Operators')] },
    }),
  });
  const mapping: Resource = {
    Type: 'AWS::Lambda::EventSourceMapping',
    // A message of a cluster without settings is set aside.
    DependsOn: ['Settings'],
    Properties: {
      EventSourceArn: getAtt('Queue', 'Arn'),
      FunctionName: imported('ReconcileFunctionArn'),
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: ref('Concurrency') },
    },
  };
  const encrypted = Object.entries(pair).map(([id, resource]): [string, Resource] => {
    if (resource.Type !== 'AWS::SQS::Queue') return [id, resource];
    const Properties = {
      ...resource.Properties,
      SqsManagedSseEnabled: when('HasKey', NO_VALUE, true),
      KmsMasterKeyId: when('HasKey', ref('KmsKeyArn')),
    };
    return [id, { ...resource, Properties }];
  });
  return { ...Object.fromEntries(encrypted), Delivery: mapping };
}

/** With no right but those that the RBAC in deploy/ binds to the group. */
function access(): Resources {
  const entry = (role: Exported): Resource => ({
    Type: 'AWS::EKS::AccessEntry',
    Condition: 'HasAccessEntries',
    Properties: {
      ClusterName: ref('ClusterName'),
      PrincipalArn: imported(role),
      Type: 'STANDARD',
      KubernetesGroups: [KUBERNETES_GROUP],
    },
  });
  return { ReconcileEntry: entry('ReconcileRoleArn'), SweepEntry: entry('SweepRoleArn') };
}

/** Two roles, as a condition chooses resources; each may send to this cluster's queue alone. */
function forwarder(): Resources {
  const account = {
    cluster: ref('ClusterName'),
    namespace: ref('Namespace'),
    name: ref('ServiceAccount'),
  };
  const useKey = {
    Sid: 'UseKeyOfQueues',
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: ref('KmsKeyArn'),
    Condition: { StringLike: { 'kms:ViaService': `sqs.\${AWS::Region}.*` } },
  };
  const role = (Condition: string, trust: unknown): Resource => ({
    Type: 'AWS::IAM::Role',
    Condition,
    Properties: {
      Path: ref('RolePath'),
      PermissionsBoundary: when('HasBoundary', ref('PermissionsBoundary')),
      AssumeRolePolicyDocument: trust,
      Policies: [
        {
          PolicyName: 'forwarder',
          PolicyDocument: policy([SEND_MESSAGES, when('HasKey', useKey)]),
        },
      ],
    },
  });
  return {
    ForwarderRole: role('HasPodIdentity', policy([trustOfPodIdentity(account)])),
    ForwarderRoleOfIrsa: role('HasOidcProvider', JSON.stringify(policy([trustOfOidc()]))),
    ForwarderIdentity: {
      Type: 'AWS::EKS::PodIdentityAssociation',
      Condition: 'HasPodIdentity',
      Properties: {
        ClusterName: ref('ClusterName'),
        Namespace: ref('Namespace'),
        ServiceAccount: ref('ServiceAccount'),
        RoleArn: getAtt('ForwarderRole', 'Arn'),
      },
    },
  };
}

/** Its keys are computed, which CloudFormation does in a text only. */
function trustOfOidc(): unknown {
  return {
    Effect: 'Allow',
    Principal: {
      Federated: `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/\${OidcProvider}`,
    },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: {
        '${OidcProvider}:aud': 'sts.amazonaws.com',
        '${OidcProvider}:sub': `system:serviceaccount:\${Namespace}:\${ServiceAccount}`,
      },
    },
  };
}

const ofSweeps = (key: 'Rate' | 'Seconds' | 'Window'): Readonly<Record<string, unknown>> => ({
  'Fn::FindInMap': ['Sweeps', ref('SweepMinutes'), key],
});

function sweeps(): Resources {
  const functionArn = imported('SweepFunctionArn');
  const roleArn = imported('ScheduleRoleArn');
  const window = when('SweepsEachMinute', flexibleWindow(0), flexibleWindow(ofSweeps('Window')));
  const times = { rate: ofSweeps('Rate'), window };
  return { SweepSchedule: sweepSchedule(CLUSTER, times, { functionArn, roleArn }) };
}

/** As shared/config.ts reads it. */
function settings(): Resources {
  const value = { policy: `\${Policy}`, ranges: `\${Ranges}`, queueUrl: `\${Queue}` };
  // Functions that do not know a setting refuse it: whoever wants it deploys the functions first.
  const text = `${JSON.stringify(value).slice(0, -1)}\${WithOurs}\${WithRoom}}`;
  const wanted = {
    WithOurs: when('HasOurs', `,"ours":"\${Ours}"`, ''),
    WithRoom: when('AdvertisesRoom', ',"advertiseRoom":"true"', ''),
  };
  return {
    Settings: {
      Type: 'AWS::SSM::Parameter',
      Properties: {
        Name: `${settingsPath(STAGE)}${CLUSTER}`,
        Description: 'What multus-eni-reconciler is to do in this cluster',
        Type: 'String',
        Value: { 'Fn::Sub': [text, wanted] },
      },
    },
    Owner: owner(CLUSTER, STAGE),
  };
}

function alarms(): Resources {
  const watched = {
    name: CLUSTER,
    id: '',
    sweepSeconds: ofSweeps('Seconds'),
    leakedThreshold: ref('LeakedThreshold'),
  };
  const ofQueue = queueAlarms().map((alarm) => ({ ...alarm, name: `${alarm.name}-${CLUSTER}` }));
  const tells = {
    topic: when('HasTopic', ref('AlarmTopicArn'), imported('AlarmTopicArn')),
    runbook: `\${RunbookUrl}`,
  };
  return Object.fromEntries(
    [...ofQueue, ...clusterAlarms(watched)].map((alarm) => [
      alarm.logicalId,
      alarmResource(stackName(STAGE), alarm, tells),
    ]),
  );
}

const ROLE_ARN = when(
  'HasPodIdentity',
  getAtt('ForwarderRole', 'Arn'),
  getAtt('ForwarderRoleOfIrsa', 'Arn'),
);

const OUTPUTS: Readonly<Record<string, StackOutput>> = {
  QueueUrl: { Description: "The cluster's queue, for its forwarder", Value: ref('Queue') },
  DeadLetterQueueUrl: {
    Description: 'Where its messages go that could not be done',
    Value: ref('DeadLetterQueue'),
  },
  ForwarderRoleArn: { Description: 'The role of its forwarder', Value: ROLE_ARN },
  Cluster: {
    Description: 'What the manifests in the cluster need',
    // JSON, as scripts/kustomize.ts reads it.
    Value: {
      'Fn::Sub': [
        JSON.stringify({
          cluster: CLUSTER,
          identity: `\${Identity}`,
          namespace: `\${Namespace}`,
          serviceAccount: `\${ServiceAccount}`,
          region: `\${AWS::Region}`,
          queueUrl: `\${Queue}`,
          roleArn: `\${RoleArn}`,
        }),
        { Identity: when('HasPodIdentity', 'pod-identity', 'irsa'), RoleArn: ROLE_ARN },
      ],
    },
  },
};

/** Has CloudFormation compute what is to be computed in texts. */
function substituted(value: unknown): unknown {
  if (typeof value === 'string') return value.includes(`\${`) ? { 'Fn::Sub': value } : value;
  if (Array.isArray(value)) return value.map(substituted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'Fn::Sub' ? withinSub(inner) : substituted(inner),
    ]),
  );
}

function withinSub(argument: unknown): unknown {
  if (!Array.isArray(argument)) return argument;
  const [text, variables] = argument;
  return [text, substituted(variables)];
}

import type { StageSettings } from '../config/schema.ts';
import { controlName, ownerName } from '../shared/control.ts';
import { bookCalls } from './budget-table.ts';
import {
  arn,
  getAtt,
  policy,
  type Resource,
  type Resources,
  type Statement,
  sub,
} from './cloudformation.ts';
import { useKey } from './key-use.ts';
import { clusterQueueNames, type FunctionName, functionName, idOf, settingsPath } from './names.ts';

/** The logical ids of the functions' roles. */
export const ROLE_IDS = { reconcile: 'ReconcileRole', sweep: 'SweepRole' } as const;

/** A role per function that allows what the function calls, and nothing else. */
export function functionRoles(stage: string, settings: StageSettings): Resources {
  const reading = [findEnis(), findClusters(), readSettings(stage)];
  const running = (name: FunctionName): Statement[] => [
    writeLogs(stage, name),
    ...(settings.tracing ? [writeTraces()] : []),
    ...useKey(settings),
    ...(settings.vpc ? attachToVpc() : []),
  ];
  return {
    [ROLE_IDS.reconcile]: role([
      ...reading,
      ...changeAddresses(settings),
      ...bookCalls(stage, settings),
      takeMessages(stage),
      // `moved` messages, and malformed ones that are set aside.
      sendMessages(stage, ['Queue', 'DeadLetterQueue']),
      ...running('reconcile'),
    ]),
    [ROLE_IDS.sweep]: role([...reading, sendMessages(stage, ['Queue']), ...running('sweep')]),
  };
}

function role(statements: readonly Statement[]): Resource {
  const trust = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: policy([trust]),
      Policies: [{ PolicyName: 'function', PolicyDocument: policy(statements) }],
    },
  };
}

/** EC2's Describe actions know no resource (Service Authorization Reference, "Amazon EC2"). */
function findEnis(): Statement {
  return {
    Sid: 'FindEnis',
    Effect: 'Allow',
    Action: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DescribeInstanceTypes'],
    Resource: '*',
  };
}

/** Of every cluster, since one may join at any time. Only an access entry lets a function into it. */
function findClusters(): Statement {
  return {
    Sid: 'FindClusters',
    Effect: 'Allow',
    Action: 'eks:DescribeCluster',
    Resource: arn('eks', 'cluster/*'),
  };
}

/** Of clusters that joined this stage; what an operator stops; and which stage serves a cluster. */
function readSettings(stage: string): Statement {
  return {
    Sid: 'ReadSettings',
    Effect: 'Allow',
    Action: 'ssm:GetParameter',
    Resource: [`${settingsPath(stage)}*`, controlName(stage), ownerName('*')].map((name) =>
      arn('ssm', `parameter${name}`),
    ),
  };
}

/**
 * The condition keys are those that these actions know of a network interface (Service Authorization
 * Reference, "Amazon EC2"). IAM has no key for `AllowReassignment`: reassignment.ts rings.
 */
function changeAddresses({ managedTag, iam = NO_BOUNDS, clusters }: StageSettings): Statement[] {
  const [key = '', ...value] = managedTag.split('=');
  const managed = { [`aws:ResourceTag/${key}`]: value.join('=') };
  // A VPC and a subnet that AWS RAM shares are another account's.
  const inOneOf = (kind: 'vpc' | 'subnet', ids: readonly string[]) =>
    ids.map((id) => sub(`arn:\${AWS::Partition}:ec2:\${AWS::Region}:*:${kind}/${id}`));
  const places = {
    ...(iam.vpcIds && { 'ec2:Vpc': inOneOf('vpc', iam.vpcIds) }),
    ...(iam.subnetIds && { 'ec2:Subnet': inOneOf('subnet', iam.subnetIds) }),
  };
  const statement = (ofClusters: Readonly<Record<string, Readonly<Record<string, unknown>>>>) => ({
    Effect: 'Allow' as const,
    Action: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
      'ec2:AssignIpv6Addresses',
      'ec2:UnassignIpv6Addresses',
    ],
    Resource: arn('ec2', 'network-interface/*'),
    Condition: {
      ...ofClusters,
      StringEquals: { ...managed, ...ofClusters.StringEquals },
      ...(Object.keys(places).length > 0 && { ArnLike: places }),
    },
  });
  const Sid = 'ChangeAddressesOfManagedEnis';
  if (!iam.clusterTag) return [{ Sid, ...statement({}) }];
  // Either tag will do, as for the functions (shared/enis/inventory.ts), and conditions know no "or".
  const names = clusters.map(({ name }) => name);
  return [
    {
      Sid: `${Sid}ByName`,
      ...statement({ StringEquals: { 'aws:ResourceTag/cluster.k8s.amazonaws.com/name': names } }),
    },
    ...names.map((name) => ({
      Sid: `${Sid}Of${idOf(name)}`,
      ...statement({ Null: { [`aws:ResourceTag/kubernetes.io/cluster/${name}`]: 'false' } }),
    })),
  ];
}

const NO_BOUNDS = { clusterTag: false, vpcIds: undefined, subnetIds: undefined };

/** Receiving and deleting is the event source mapping's, with this role. */
function takeMessages(stage: string): Statement {
  return {
    Sid: 'TakeMessages',
    Effect: 'Allow',
    Action: [
      'sqs:ReceiveMessage',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ChangeMessageVisibility',
    ],
    Resource: [getAtt('Queue', 'Arn'), arn('sqs', clusterQueueNames(stage, '*').queue)],
  };
}

/** Into the stage's own queues, and those that the clusters have which joined. */
function sendMessages(stage: string, queues: readonly ('Queue' | 'DeadLetterQueue')[]): Statement {
  const joined = clusterQueueNames(stage, '*');
  const patterns = { Queue: joined.queue, DeadLetterQueue: joined.deadLetterQueue };
  return {
    Sid: 'SendMessages',
    Effect: 'Allow',
    Action: 'sqs:SendMessage',
    Resource: queues.flatMap((queue) => [getAtt(queue, 'Arn'), arn('sqs', patterns[queue])]),
  };
}

/** The stack makes the log group itself. */
function writeLogs(stage: string, name: FunctionName): Statement {
  return {
    Sid: 'WriteLogs',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: arn('logs', `log-group:/aws/lambda/${functionName(stage, name)}:*`),
  };
}

/** X-Ray's Put actions know no resource (Service Authorization Reference, "AWS X-Ray"). */
function writeTraces(): Statement {
  return {
    Sid: 'WriteTraces',
    Effect: 'Allow',
    Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    Resource: '*',
  };
}

/**
 * What Lambda itself needs to attach a function to a VPC (AWS Lambda Developer Guide, "Giving Lambda
 * functions access to resources in an Amazon VPC"). Deleting has to be allowed on everything in EC2. A
 * call from a function's code has `lambda:SourceFunctionArn`, so the condition that it is absent keeps
 * the code from all of this. An Assign by the code still needs the tag.
 */
function attachToVpc(): Statement[] {
  const byLambdaItself = { Null: { 'lambda:SourceFunctionArn': 'true' } };
  return [
    {
      Sid: 'LambdaAttachesToVpc',
      Effect: 'Allow',
      Action: [
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      // A subnet that is shared by AWS RAM belongs to another account.
      Resource: sub(`arn:\${AWS::Partition}:ec2:\${AWS::Region}:*:*`),
      Condition: byLambdaItself,
    },
  ];
}

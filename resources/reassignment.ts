import type { StageSettings } from '../config/schema.ts';
import { arn, getAtt, policy, type Resources, ref } from './cloudformation.ts';
import { ROLE_IDS } from './function-roles.ts';
import { stackName } from './names.ts';

/** The heading of docs/runbook.md that tells what to do, as its anchor. */
export const REASSIGNMENT_SECTION = 'an-address-was-reassigned';

/**
 * Rings when a role of the functions takes an address by `AllowReassignment`, which the product never
 * does: somebody else has the role. IAM cannot refuse it, as it has no condition key for it. If the
 * account has a trail, CloudTrail tells EventBridge of the call (Amazon EventBridge User Guide, "AWS
 * service events delivered via AWS CloudTrail").
 */
export function reassignmentBell(stage: string, settings: StageSettings): Resources {
  const runbook = settings.runbookUrl ?? 'docs/runbook.md';
  const name = stackName(stage);
  return {
    ReassignmentRule: {
      Type: 'AWS::Events::Rule',
      Properties: {
        Name: `${name}-reassignment`,
        Description: 'A role of the functions used AllowReassignment, which the functions never do',
        State: 'ENABLED',
        EventPattern: {
          source: ['aws.ec2'],
          'detail-type': ['AWS API Call via CloudTrail'],
          detail: {
            eventSource: ['ec2.amazonaws.com'],
            eventName: ['AssignPrivateIpAddresses'],
            // A parameter is as the caller wrote it.
            requestParameters: { allowReassignment: [true, 'true'] },
            userIdentity: {
              sessionContext: {
                sessionIssuer: { arn: Object.values(ROLE_IDS).map((role) => getAtt(role, 'Arn')) },
              },
            },
          },
        },
        Targets: [
          {
            Id: 'alarms',
            Arn: settings.alarmTopicArn ?? ref('AlarmTopic'),
            InputTransformer: {
              InputPathsMap: {
                role: '$.detail.userIdentity.arn',
                from: '$.detail.sourceIPAddress',
                eni: '$.detail.requestParameters.networkInterfaceId',
                at: '$.time',
              },
              InputTemplate: `"${name}: AllowReassignment was used on <eni> by <role> from <from> at <at>. The functions never do. What to do: ${runbook}#${REASSIGNMENT_SECTION}"`,
            },
          },
        ],
      },
    },
    ...(settings.alarmTopicArn === undefined && { AlarmTopicPolicy: topicPolicy() }),
  };
}

/**
 * A topic's own policy takes the place of the one that SNS gives it, which let CloudWatch in. EventBridge
 * is let in without a condition, as its guide has it (Amazon EventBridge User Guide, "Amazon SNS permissions").
 */
function topicPolicy(): Resources[string] {
  const publish = (Sid: string, Service: string, more: object) => ({
    Sid,
    Effect: 'Allow',
    Principal: { Service },
    Action: 'sns:Publish',
    Resource: ref('AlarmTopic'),
    ...more,
  });
  const ofAccount = {
    Condition: {
      StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
      ArnLike: { 'aws:SourceArn': arn('cloudwatch', 'alarm:*') },
    },
  };
  return {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: {
      Topics: [ref('AlarmTopic')],
      PolicyDocument: policy([
        publish('Alarms', 'cloudwatch.amazonaws.com', ofAccount),
        publish('Rules', 'events.amazonaws.com', {}),
      ]),
    },
  };
}

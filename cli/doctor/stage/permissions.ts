import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import * as z from 'zod';
import type { ManagedTag } from '../../../shared/enis/ec2.ts';
import type { StageClients } from './clients.ts';

/** Something that a function's role has to be allowed. */
export interface Needed {
  readonly roleArn: string;
  readonly actions: readonly string[];
  /** Absent: of no resource, as EC2's Describe actions. */
  readonly resourceArn?: string;
  /** Keys and values of the request's context, such as tags of the resource. */
  readonly context?: Readonly<Record<string, string>>;
}

/** An action that a role is not allowed. */
export interface Denied {
  readonly roleArn: string;
  readonly action: string;
  readonly resourceArn?: string;
}

const simulated = z.object({
  EvaluationResults: z
    .array(z.object({ EvalActionName: z.string(), EvalDecision: z.string() }))
    .default([]),
});

const READ = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:DescribeInstanceTypes'];
const WRITE = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
  'ec2:AssignIpv6Addresses',
  'ec2:UnassignIpv6Addresses',
];
const TAKE = [
  ...['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
  'sqs:ChangeMessageVisibility',
];

/** What the functions of a stage call for a cluster: resources/function-roles.ts allows it. */
export function neededOf(stage: {
  readonly roles: { readonly reconcile: string; readonly sweep: string };
  readonly clusterArn: string;
  readonly queueArn: string;
  readonly deadLetterQueueArn?: string;
  /** A managed ENI; absent if the cluster has none. */
  readonly eniArn?: string;
  /** Of the table in which `reconcile` books; absent: none. */
  readonly bookingsArn?: string;
  readonly managedTag: ManagedTag;
}): Needed[] {
  const { roles, clusterArn, queueArn, deadLetterQueueArn, eniArn, bookingsArn } = stage;
  const { key, value } = stage.managedTag;
  const both = [roles.reconcile, roles.sweep].flatMap((roleArn): Needed[] => [
    { roleArn, actions: READ },
    { roleArn, actions: ['eks:DescribeCluster'], resourceArn: clusterArn },
    { roleArn, actions: ['sqs:SendMessage'], resourceArn: queueArn },
  ]);
  const roleArn = roles.reconcile;
  const context = { [`aws:ResourceTag/${key}`]: value };
  return [
    ...both,
    { roleArn, actions: TAKE, resourceArn: queueArn },
    ...(deadLetterQueueArn === undefined
      ? []
      : [{ roleArn, actions: ['sqs:SendMessage'], resourceArn: deadLetterQueueArn }]),
    ...(bookingsArn === undefined
      ? []
      : [{ roleArn, actions: ['dynamodb:UpdateItem'], resourceArn: bookingsArn }]),
    ...(eniArn === undefined ? [] : [{ roleArn, actions: WRITE, resourceArn: eniArn, context }]),
  ];
}

/**
 * What of it IAM would deny, by the roles' own policies and their boundaries.
 *
 * @throws what IAM refuses with.
 */
export async function readDenied(
  iam: StageClients['iam'],
  needed: readonly Needed[],
): Promise<readonly Denied[]> {
  const denied: Denied[] = [];
  for (const { roleArn, actions, resourceArn, context = {} } of needed) {
    const command = new SimulatePrincipalPolicyCommand({
      PolicySourceArn: roleArn,
      ActionNames: [...actions],
      ...(resourceArn !== undefined && { ResourceArns: [resourceArn] }),
      ContextEntries: Object.entries(context).map(([ContextKeyName, value]) => {
        return { ContextKeyName, ContextKeyValues: [value], ContextKeyType: 'string' };
      }),
    });
    const { EvaluationResults } = simulated.parse(await iam.send(command));
    for (const { EvalActionName: action, EvalDecision } of EvaluationResults) {
      if (EvalDecision !== 'allowed') denied.push({ roleArn, action, resourceArn });
    }
  }
  return denied;
}

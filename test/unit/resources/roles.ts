import { runSimulation } from '@cloud-copilot/iam-simulate';
import * as z from 'zod';
import { ACCOUNT } from '../../../sandbox/aws.ts';
import { evaluator } from './intrinsics.ts';
import type { Template } from './service.ts';

const statement = z.object({
  Sid: z.string(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  Resource: z.union([z.string().transform((one) => [one]), z.array(z.string())]),
  Condition: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
});
export type RoleStatement = z.infer<typeof statement>;
/** The statements of a policy. */
export const roleStatements = z.array(statement);

const role = z.object({
  Policies: z
    .array(z.object({ PolicyDocument: z.object({ Statement: roleStatements }) }))
    .length(1),
  ManagedPolicyArns: z.undefined().optional(),
});

/** The roles of a packaged template, with what CloudFormation would compute in them. */
export function rolesOf(template: Template): ReadonlyMap<string, readonly RoleStatement[]> {
  const roles = Object.entries(template.Resources).filter(
    ([, { Type }]) => Type === 'AWS::IAM::Role',
  );
  const { compute } = evaluator({ resources: template.Resources });
  return new Map(
    roles.map(([id, { Properties }]) => {
      const { Policies } = role.parse(compute(Properties));
      return [id, Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)];
    }),
  );
}

/** A request as IAM decides on it. */
export interface IamRequest {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | string[]>>;
  /** Who asks, if it is not a role of no importance. */
  readonly principal?: string;
  /** The policy of what is asked for; its own statements are as CloudFormation would compute them. */
  readonly resourcePolicy?: object;
}

/** A key obeys IAM if its own policy says so, as that of docs/guardrails.md does. */
const KEY_POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
};

/** Whether a role with these statements may do it. */
export async function isAllowed(
  statements: readonly RoleStatement[],
  { action, resource, context = {}, principal, resourcePolicy }: IamRequest,
): Promise<boolean> {
  const policy = { Version: '2012-10-17', Statement: statements };
  const simulated = await runSimulation(
    {
      request: {
        principal: principal ?? `arn:aws:iam::${ACCOUNT}:role/tested`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      identityPolicies: [{ name: 'tested', policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') && { resourcePolicy: KEY_POLICY }),
      ...(resourcePolicy && { resourcePolicy }),
    },
    {},
  );
  if (simulated.resultType === 'error') throw new Error(JSON.stringify(simulated.errors));
  return simulated.overallResult === 'Allowed';
}

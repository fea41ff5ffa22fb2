import { runSimulation } from '@cloud-copilot/iam-simulate';
import * as z from 'zod';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
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
  return new Map(
    roles.map(([id, { Properties }]) => {
      const { Policies } = role.parse(resolved(template, Properties));
      return [id, Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)];
    }),
  );
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Replaces the intrinsic functions that the stack uses by what they give in the sandbox's account. */
function resolved(template: Template, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((entry) => resolved(template, entry));
  if (typeof value !== 'object' || value === null) return value;
  const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length === 0 && name === 'Ref') return PSEUDO[String(argument)] ?? `ref:${argument}`;
  if (more.length === 0 && name === 'Fn::GetAtt') return attribute(template, argument);
  if (more.length === 0 && name === 'Fn::Sub') {
    return String(argument).replace(/\$\{([^}]+)\}/g, (_, key: string) => {
      const known = PSEUDO[key];
      if (known === undefined) throw new Error(`Fn::Sub of ${key}`);
      return known;
    });
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, resolved(template, entry)]),
  );
}

function attribute(template: Template, argument: unknown): string {
  const [id, name] = z.tuple([z.string(), z.string()]).parse(argument);
  const resource = template.Resources[id];
  if (resource?.Type === 'AWS::SQS::Queue' && name === 'Arn') {
    return `arn:aws:sqs:${REGION}:${ACCOUNT}:${resource.Properties.QueueName}`;
  }
  return `${id}.${name}`;
}

/** A request as IAM decides on it. */
export interface IamRequest {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** A key obeys IAM where its own policy says so, as that of docs/guardrails.md does. */
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
  { action, resource, context = {} }: IamRequest,
): Promise<boolean> {
  const policy = { Version: '2012-10-17', Statement: statements };
  const simulated = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/tested`,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: context,
      },
      identityPolicies: [{ name: 'tested', policy }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(action.startsWith('kms:') && { resourcePolicy: KEY_POLICY }),
    },
    {},
  );
  if (simulated.resultType === 'error') throw new Error(JSON.stringify(simulated.errors));
  return simulated.overallResult === 'Allowed';
}

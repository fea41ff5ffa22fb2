import * as z from 'zod';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import {
  type DeployedValues,
  evaluator as evaluatorWith,
  type Scope,
} from '../../../sandbox/cloudformation/intrinsics.ts';

/** The sandbox's account, with names made up for what a template makes, and for what it imports. */
export function madeUp(queueName: (id: string) => string): DeployedValues {
  return {
    region: REGION,
    account: ACCOUNT,
    importValue: (name) => `import:${name}`,
    refOf: (id) => (id.endsWith('Queue') ? `https://sqs/1/${queueName(id)}` : `ref:${id}`),
    attributeOf: (id, attribute) =>
      id.endsWith('Queue') && attribute === 'Arn'
        ? `arn:aws:sqs:${REGION}:${ACCOUNT}:${queueName(id)}`
        : `${id}.${attribute}`,
  };
}

/** Computes values as CloudFormation does in the sandbox's account, with names made up. */
export function evaluator({
  resources,
  ...scope
}: Scope & { readonly resources: Readonly<Record<string, { readonly Properties?: unknown }>> }) {
  const evaluating = evaluatorWith(
    scope,
    madeUp((id) => {
      const { QueueName } = z.object({ QueueName: z.unknown() }).parse(resources[id]?.Properties);
      return String(evaluating.compute(QueueName));
    }),
  );
  return evaluating;
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { vi } from 'vitest';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import type { World } from '../../../sandbox/world.ts';
import type { IamRequest } from './roles.ts';

/** One call on AWS, as IAM sees it. */
export interface AwsCall extends IamRequest {
  /** The logical id of the role that the caller would have in a stage. */
  readonly role: string;
}

/** Every call that the SDK's clients make on behalf of a caller. */
export interface AwsCalls {
  readonly calls: readonly AwsCall[];
  /** Runs `work`, and all that it starts, with the role of that logical id. */
  as<T>(role: string, work: () => T): T;
}

/** The queues of the stage `test`. */
export const QUEUES = {
  queue: `arn:aws:sqs:${REGION}:${ACCOUNT}:multus-eni-reconciler-test.fifo`,
  deadLetterQueue: `arn:aws:sqs:${REGION}:${ACCOUNT}:multus-eni-reconciler-test-dead-letter.fifo`,
};

/** What Lambda sets if a function's code calls. */
export const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:multus-eni-reconciler-test-reconcile`;

/**
 * Records until the end of the test: the spies pass every call on. Clients that were made before
 * may have bound their `send` already, and are then not seen.
 *
 * @param worldOf where the calls go to; asked for at the first one.
 */
export function recordAwsCalls(worldOf: () => World): AwsCalls {
  const roles = new AsyncLocalStorage<string>();
  const calls: AwsCall[] = [];
  for (const [service, client] of [
    ['ec2', EC2Client],
    ['eks', EKSClient],
    ['sqs', SQSClient],
    ['ssm', SSMClient],
  ] as const) {
    const prototype: { send(command: { readonly input: object }): unknown } = client.prototype;
    const send = prototype.send;
    vi.spyOn(prototype, 'send').mockImplementation(function (this: unknown, ...args) {
      const [command] = args;
      const role = roles.getStore();
      if (role !== undefined) {
        const action = iamAction(service, command.constructor.name);
        calls.push({ role, ...requestOf(worldOf(), action, { ...command.input }) });
      }
      return Reflect.apply(send, this, args);
    });
  }
  return { calls, as: (role, work) => roles.run(role, work) };
}

/**
 * What the call touches, in the account that the stage `test` would be deployed to: tags are those
 * that the ENI has by now.
 */
function requestOf(
  world: World,
  action: string,
  input: Readonly<Record<string, unknown>>,
): IamRequest {
  if (typeof input.NetworkInterfaceId === 'string') {
    const tags = world.ec2.snapshot().enis.get(input.NetworkInterfaceId)?.tags ?? [];
    return {
      action,
      resource: `arn:aws:ec2:${REGION}:${ACCOUNT}:network-interface/${input.NetworkInterfaceId}`,
      context: {
        'lambda:SourceFunctionArn': FUNCTION,
        ...Object.fromEntries([...tags].map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
      },
    };
  }
  if (input.QueueUrl === world.queue.url) return { action, resource: QUEUES.queue };
  if (input.QueueUrl === world.deadLetterQueue.url) {
    return { action, resource: QUEUES.deadLetterQueue };
  }
  if (typeof input.Name === 'string') {
    return { action, resource: `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${input.Name}` };
  }
  if (typeof input.name === 'string') {
    return { action, resource: `arn:aws:eks:${REGION}:${ACCOUNT}:cluster/${input.name}` };
  }
  return { action, resource: '*' };
}

/** SQS's batch calls need the right of the single one (Amazon SQS Developer Guide, "SQS API permissions"). */
export function iamAction(service: string, commandName: string): string {
  const name = commandName.replace(/Command$/, '');
  return `${service}:${service === 'sqs' ? name.replace(/Batch$/, '') : name}`;
}

import { AsyncLocalStorage } from 'node:async_hooks';
import { EC2Client } from '@aws-sdk/client-ec2';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { vi } from 'vitest';

/** Whose role a call is made with. */
export type Caller = 'reconcile' | 'sweep' | 'forwarder';

/** One call on AWS, as IAM sees it. */
export interface AwsCall {
  readonly caller: Caller;
  /** `service:Action` */
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Every call that the SDK's clients make on behalf of a caller. */
export interface AwsCalls {
  readonly calls: readonly AwsCall[];
  /** Runs `work`, and all that it starts, as `caller`. */
  as<T>(caller: Caller, work: () => T): T;
}

/** Records until the end of the test: the spies pass every call on. */
export function recordAwsCalls(): AwsCalls {
  const callers = new AsyncLocalStorage<Caller>();
  const calls: AwsCall[] = [];
  const note = (service: string, command: { readonly input: object }): void => {
    const caller = callers.getStore();
    if (caller === undefined) return;
    const action = iamAction(service, command.constructor.name);
    calls.push({ caller, action, input: { ...command.input } });
  };
  for (const [service, client] of [
    ['ec2', EC2Client],
    ['eks', EKSClient],
    ['sqs', SQSClient],
  ] as const) {
    const prototype: { send(command: { readonly input: object }): unknown } = client.prototype;
    const send = prototype.send;
    vi.spyOn(prototype, 'send').mockImplementation(function (this: unknown, ...args) {
      note(service, args[0]);
      return Reflect.apply(send, this, args);
    });
  }
  return { calls, as: (caller, work) => callers.run(caller, work) };
}

/** SQS's batch calls need the right of the single one (Amazon SQS Developer Guide, "SQS API permissions"). */
export function iamAction(service: string, commandName: string): string {
  const name = commandName.replace(/Command$/, '');
  return `${service}:${service === 'sqs' ? name.replace(/Batch$/, '') : name}`;
}

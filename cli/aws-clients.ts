import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EKSClient } from '@aws-sdk/client-eks';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type CallLimits, limitedCalls, requestLimits } from '../shared/aws-calls.ts';
import type { Clock } from '../shared/time/clock.ts';
import type { AwsClients } from './queues.ts';

/**
 * Two requests fit into the time for which a message is held. A whole call has long enough for a
 * person whom the operator's credentials ask something.
 */
export const LIMITS: CallLimits = { connectMs: 3_000, requestMs: 10_000, callMs: 60_000 };

/** The SDK's clients of a region, with the operator's credentials. Every call ends by itself. */
export function awsClients(
  region: string | undefined,
  clock: Clock,
  limits: CallLimits = LIMITS,
): AwsClients {
  const requestHandler = requestLimits(limits);
  // The region and AWS_ENDPOINT_URL_SQS say where SQS is, as for any other service.
  const sqs = new SQSClient({ region, requestHandler, useQueueUrlAsEndpoint: false });
  const cloudFormation = new CloudFormationClient({ region, requestHandler });
  return {
    sqs: limitedCalls(sqs, clock, limits),
    cloudFormation: limitedCalls(cloudFormation, clock, limits),
  };
}

/** Who asks AWS something. */
export interface Asking {
  readonly clock: Clock;
  /** Is told of each call. */
  readonly onCall?: () => void;
}

/** The same client; each call on it ends by itself, and is counted. */
export function countedCalls<C extends Parameters<typeof limitedCalls>[0]>(
  client: C,
  { clock, onCall }: Asking,
): Pick<C, 'send'> {
  const limited = limitedCalls(client, clock, LIMITS);
  return {
    send: new Proxy(limited.send, {
      apply(target, self, args) {
        onCall?.();
        return Reflect.apply(target, self, args);
      },
    }),
  };
}

/** EKS of a region; whoever asks it bounds the call. */
export function eksClient(region: string | undefined): EKSClient {
  return new EKSClient({ region, requestHandler: requestLimits(LIMITS) });
}

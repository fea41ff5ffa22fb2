import { EC2Client } from '@aws-sdk/client-ec2';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { requestLimits } from '../../shared/aws-calls.ts';
import { type Config, configFrom } from '../../shared/config.ts';
import type { Ec2 } from '../../shared/enis/ec2.ts';
import { type Asking, countedCalls, LIMITS } from '../aws-clients.ts';
import { BadInput, Failed, trying } from '../failure.ts';

/** What only reads. */
const READS = /^(Describe|GetSubnetCidrReservations)/;

/** EC2 as an operator looks at it: what may change something is refused before it is sent. */
export function lookingEc2(region: string | undefined, asking: Asking): Ec2 {
  const ec2 = new EC2Client({ region, requestHandler: requestLimits(LIMITS) });
  const counted = countedCalls(ec2, asking);
  return {
    send: new Proxy(counted.send, {
      apply(target, self, args: unknown[]) {
        const [command] = args;
        const name = command instanceof Object ? command.constructor.name : '';
        if (!READS.test(name)) throw new Error(`this program sends no ${name}`);
        return Reflect.apply(target, self, args);
      },
    }),
  };
}

const described = z.object({
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
});

/**
 * What the functions of a stage are configured with, as they read it themselves.
 *
 * @throws BadInput where the stage has no function; Failed where AWS refuses, or it cannot be read.
 */
export async function configOfStage(
  stage: string,
  region: string | undefined,
  asking: Asking,
): Promise<Config> {
  const lambda = new LambdaClient({ region, requestHandler: requestLimits(LIMITS) });
  const name = `multus-eni-reconciler-${stage}-reconcile`;
  const answer = await trying(`read the configuration of the function ${name}`, () =>
    countedCalls(lambda, asking).send(new GetFunctionConfigurationCommand({ FunctionName: name })),
  ).catch((error: unknown) => {
    if (!(error instanceof Failed) || !/ResourceNotFound/.test(error.message)) throw error;
    throw new BadInput(
      `stage ${stage} has no function ${name} in this account and region: check --stage and --region, or give --cluster`,
    );
  });
  const parsed = described.safeParse(answer);
  if (!parsed.success) throw new Failed(`${name} has no environment: deploy it again`);
  try {
    const variables = parsed.data.Environment.Variables;
    return configFrom({ ...variables, AWS_REGION: await lambda.config.region() });
  } catch (error) {
    throw new Failed(`${name}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

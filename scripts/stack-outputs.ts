import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';

/**
 * The outputs of a deployed stack, by key.
 *
 * @throws an Error that names the stack where there is none; else what the client throws.
 */
export async function stackOutputs(
  cloudFormation: Pick<CloudFormationClient, 'send'>,
  stackName: string,
): Promise<ReadonlyMap<string, string>> {
  const { Stacks = [] } = await cloudFormation
    .send(new DescribeStacksCommand({ StackName: stackName }))
    .catch((error: unknown) => {
      if (!isMissingStack(error)) throw error;
      throw new Error(
        `there is no stack ${stackName} in this account and region: deploy the stage first`,
        { cause: error },
      );
    });
  const outputs = Stacks[0]?.Outputs ?? [];
  return new Map(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

/** CloudFormation answers a stack that is not there with a ValidationError (HTTP 400). */
function isMissingStack(error: unknown): boolean {
  return error instanceof Error && /does not exist/.test(error.message);
}

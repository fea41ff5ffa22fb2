import {
  type CloudFormationClient,
  DescribeStacksCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';

/**
 * Turns a stack's protection against being deleted on or off; absent: leaves it as it is. osls has
 * no setting for it.
 */
export async function protectStack(
  cloudFormation: Pick<CloudFormationClient, 'send'>,
  StackName: string,
  { terminationProtection }: { readonly terminationProtection?: boolean | undefined },
): Promise<void> {
  if (terminationProtection === undefined) return;
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  if ((Stacks?.[0]?.EnableTerminationProtection ?? false) === terminationProtection) return;
  await cloudFormation.send(
    new UpdateTerminationProtectionCommand({
      StackName,
      EnableTerminationProtection: terminationProtection,
    }),
  );
}

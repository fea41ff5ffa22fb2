import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EKSClient } from '@aws-sdk/client-eks';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';

/** moto takes any. */
export const MOTO_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Clients of what a deployment makes, at `endpoint`. */
export function clientsOf(endpoint: string) {
  const config = { region: 'us-east-1', endpoint, credentials: MOTO_CREDENTIALS };
  return {
    cloudFormation: new CloudFormationClient(config),
    eks: new EKSClient(config),
    iam: new IAMClient(config),
    lambda: new LambdaClient(config),
    sqs: new SQSClient(config),
  };
}

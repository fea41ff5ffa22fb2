import type { StageSettings } from '../config/schema.ts';
import { type Statement, sub } from './cloudformation.ts';

/**
 * What a role needs to send into and to receive from a queue that is encrypted with the stage's own
 * key. A producer generates a data key and decrypts, a consumer decrypts (Amazon SQS Developer Guide,
 * "Key management"). The role may use the key through SQS only. Lambda decrypts the environment by a
 * grant that the deployment makes.
 */
export function useKey({ kmsKeyArn }: StageSettings): Statement[] {
  if (kmsKeyArn === undefined) return [];
  return [
    {
      Sid: 'UseKeyOfQueues',
      Effect: 'Allow',
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: kmsKeyArn,
      // The domain after the Region differs by partition.
      Condition: { StringLike: { 'kms:ViaService': sub(`sqs.\${AWS::Region}.*`) } },
    },
  ];
}

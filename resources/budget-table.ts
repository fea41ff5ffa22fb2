import type { StageSettings } from '../config/schema.ts';
import { arn, type Resources, type Statement } from './cloudformation.ts';
import { budgetTableName } from './names.ts';

/** The table in which the stage's executions book EC2's calls; `undefined`: each learns alone. */
export function tableOf(stage: string, { ec2 }: StageSettings): string | undefined {
  return ec2?.budgetTable === true ? budgetTableName(stage) : ec2?.budgetTable;
}

/**
 * The table, if the stage has its own. It has four items at most, of four numbers each. If it is lost,
 * each begins anew: it is neither kept nor backed up, and what is in it is no secret
 * (docs/decisions/0029). Pure.
 */
export function budgetTable(stage: string, { ec2 }: StageSettings): Resources {
  if (ec2?.budgetTable !== true) return {};
  return {
    BudgetTable: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: budgetTableName(stage),
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'action', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'action', KeyType: 'HASH' }],
      },
    },
  };
}

/** What `reconcile` needs to book: one action on one table. */
export function bookCalls(stage: string, settings: StageSettings): Statement[] {
  const table = tableOf(stage, settings);
  if (table === undefined) return [];
  return [
    {
      Sid: 'BookCalls',
      Effect: 'Allow',
      Action: 'dynamodb:UpdateItem',
      Resource: arn('dynamodb', `table/${table}`),
    },
  ];
}

import { expect, test } from 'vitest';
import { parseStage } from '../../../config/read.ts';
import { environment } from '../../../resources/environment.ts';
import { configFrom } from '../../../shared/config.ts';
import { templateOf } from './service.ts';

const STAGE = 'region: us-east-1\nclusters: [{ name: demo }]\n';
const OWN = `${STAGE}ec2: { budgetTable: true }\n`;
const ANOTHERS = `${STAGE}ec2: { budgetTable: multus-eni-reconciler-prod-budget }\n`;

function budgetOf(text: string) {
  const variables = environment('test', parseStage(text, 'config/test.yml'));
  const queue = 'https://sqs.us-east-1.amazonaws.com/111122223333/a.fifo';
  return configFrom({
    ...variables,
    ...{ AWS_REGION: 'us-east-1', QUEUE_URL: queue, DEAD_LETTER_QUEUE_URL: queue },
  }).ec2;
}

function statements(text: string, role: string): string {
  return JSON.stringify(templateOf(text).Resources[role]?.Properties);
}

test('Without the setting there is no table, no right on one, and no call', () => {
  expect(templateOf(STAGE).Resources.BudgetTable).toBeUndefined();
  expect(statements(STAGE, 'ReconcileRole')).not.toContain('dynamodb');
  expect(budgetOf(STAGE)).toEqual({ writers: 4 });
});

test('A table of its own is made, paid by the write, and used by reconcile alone with one action', () => {
  expect(templateOf(OWN).Resources.BudgetTable).toEqual({
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      TableName: 'multus-eni-reconciler-test-budget',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'action', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'action', KeyType: 'HASH' }],
    },
  });
  expect(statements(OWN, 'ReconcileRole').match(/dynamodb:\w+/g)).toEqual(['dynamodb:UpdateItem']);
  expect(statements(OWN, 'ReconcileRole')).toContain('table/multus-eni-reconciler-test-budget');
  expect(statements(OWN, 'SweepRole')).not.toContain('dynamodb');
  expect(budgetOf(OWN)).toEqual({ writers: 4, table: 'multus-eni-reconciler-test-budget' });
});

test("Another stage's table is used, and none made", () => {
  expect(templateOf(ANOTHERS).Resources.BudgetTable).toBeUndefined();
  expect(statements(ANOTHERS, 'ReconcileRole')).toContain(
    'table/multus-eni-reconciler-prod-budget',
  );
  expect(budgetOf(ANOTHERS)).toMatchObject({ table: 'multus-eni-reconciler-prod-budget' });
});

test('A table takes the tags of the stage', () => {
  const { Resources } = templateOf(`${OWN}tags: { team: net }\n`);
  expect(Resources.BudgetTable?.Properties.Tags).toEqual([{ Key: 'team', Value: 'net' }]);
});

test('An alarm rings if the table fails for a quarter of an hour, and only if there is one', () => {
  const alarmOf = (text: string) => templateOf(text).Resources.CallsNotBookedAlarm;
  expect(alarmOf(STAGE)).toBeUndefined();
  for (const text of [OWN, ANOTHERS]) {
    expect(alarmOf(text)?.Properties).toMatchObject({
      MetricName: 'BudgetTableFailures',
      Dimensions: [
        { Name: 'service', Value: 'reconcile' },
        { Name: 'cluster', Value: 'all' },
      ],
      EvaluationPeriods: 3,
      Period: 300,
    });
  }
});

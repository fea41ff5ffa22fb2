import { expect, test } from 'vitest';
import { createTables } from '../../../sandbox/dynamodb/table.ts';

function start() {
  const tables = createTables();
  tables.create('budget', 'action');
  const update = (request: {
    readonly set: string;
    readonly when?: string;
    readonly values: Readonly<Record<string, number>>;
  }) =>
    tables.updateItem({
      TableName: 'budget',
      Key: { action: { S: 'a' } },
      UpdateExpression: `SET ${request.set}`,
      ...(request.when !== undefined && { ConditionExpression: request.when }),
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(request.values).map(([name, value]) => [name, { N: String(value) }]),
      ),
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  return { tables, update };
}

test('An update sets sums and differences, and answers with the whole item', () => {
  const { tables, update } = start();
  tables.put('budget', 'a', { x: 5, y: 1 });
  const { status, body } = update({ set: 'x = x + :n, y = :n - x', values: { ':n': 2 } });
  expect({ status, body }).toEqual({
    status: 200,
    body: { Attributes: { action: { S: 'a' }, x: { N: '7' }, y: { N: '-3' } } },
  });
});

test('A condition that does not hold changes nothing, costs a write, and shows the item', () => {
  const { tables, update } = start();
  tables.put('budget', 'a', { x: 5 });
  const { status, body } = update({
    set: 'x = :n',
    when: '(attribute_not_exists(x) OR x < :n) AND x > :n',
    values: { ':n': 5 },
  });
  expect(status).toBe(400);
  expect(body).toMatchObject({
    __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
    Item: { x: { N: '5' } },
  });
  expect(tables.item('budget', 'a')).toEqual({ x: 5 });
  expect(tables.writes()).toBe(1);
});

test('A condition holds for an item that is not there, as far as it asks for nothing of it', () => {
  const { tables, update } = start();
  const when = 'x < :n OR attribute_not_exists(x)';
  expect(update({ set: 'x = :n', when, values: { ':n': 3 } }).status).toBe(200);
  expect(tables.item('budget', 'a')).toEqual({ x: 3 });
});

const REFUSED: readonly (readonly [string, Parameters<ReturnType<typeof start>['update']>[0]])[] = [
  ['a value that is named nowhere', { set: 'x = :n', values: { ':n': 1, ':m': 2 } }],
  ['a value that is not given', { set: 'x = :m', values: {} }],
  ['a sum with an attribute that is not there', { set: 'x = y + :n', values: { ':n': 1 } }],
  ['an expression that is not complete', { set: 'x =', values: {} }],
  ['more than an expression', { set: 'x = :n :n', values: { ':n': 1 } }],
];

test.each(REFUSED)('Refused as DynamoDB refuses it: %s', (_, request) => {
  const { tables, update } = start();
  expect(update(request)).toMatchObject({
    status: 400,
    body: { __type: 'com.amazon.coral.validate#ValidationException' },
  });
  expect(tables.item('budget', 'a')).toBeUndefined();
});

test('A table that is not there is named as such', () => {
  const { tables, update } = start();
  tables.remove('budget');
  expect(update({ set: 'x = :n', values: { ':n': 1 } }).body).toMatchObject({
    __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
  });
});

test('A table is described by its key, and scanned whole; a request says nothing else', () => {
  const { tables } = start();
  tables.put('budget', 'a', { x: 5 });
  expect(tables.describeTable({ TableName: 'budget' })).toMatchObject({
    status: 200,
    body: { Table: { KeySchema: [{ AttributeName: 'action', KeyType: 'HASH' }] } },
  });
  expect(tables.scan({ TableName: 'budget' })).toMatchObject({
    status: 200,
    body: { Items: [{ action: { S: 'a' }, x: { N: '5' } }], Count: 1 },
  });
  expect(tables.scan({ TableName: 'budget', Limit: 1 }).status).toBe(400);
  expect(tables.scan({ TableName: 'gone' }).body).toMatchObject({
    __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
  });
});

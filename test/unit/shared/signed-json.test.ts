import { EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DynamoDbServer, startDynamoDb } from '../../../sandbox/dynamodb/server.ts';
import { createTables } from '../../../sandbox/dynamodb/table.ts';
import { signedJson } from '../../../shared/signed-json.ts';

const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'a secret' };
const AT = Date.parse('2026-01-01T10:00:00Z');

const tables = createTables();
let server: DynamoDbServer;

beforeAll(async () => {
  tables.create('budget', 'action');
  const keys = new Map([[CREDENTIALS.accessKeyId, CREDENTIALS.secretAccessKey]]);
  server = await startDynamoDb({ tables, keys, now: () => AT });
});
afterAll(() => server.stop());

function send(input: object, secretAccessKey = CREDENTIALS.secretAccessKey) {
  const { config } = new EC2Client({ region: REGION });
  const call = signedJson({
    ...{ service: 'dynamodb', target: 'DynamoDB_20120810.UpdateItem', region: REGION },
    credentials: async () => ({ ...CREDENTIALS, secretAccessKey }),
    requestHandler: config.requestHandler,
    endpoint: server.endpoint,
  });
  return call(input, AbortSignal.timeout(30_000));
}

const INPUT = {
  TableName: 'budget',
  Key: { action: { S: 'a' } },
  UpdateExpression: 'SET spentUntil = :at',
  ExpressionAttributeValues: { ':at': { N: '7' } },
  ReturnValues: 'ALL_NEW',
};

test('A signed call is answered with what the service says, and with its time', async () => {
  expect(await send(INPUT)).toEqual({
    status: 200,
    body: { Attributes: { action: { S: 'a' }, spentUntil: { N: '7' } } },
    date: AT,
  });
});

test('A call that another secret signed is refused, and that is an answer', async () => {
  const { status, body } = await send(INPUT, 'another secret');
  expect(status).toBe(400);
  expect(body).toMatchObject({ __type: 'InvalidSignatureException' });
});

import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { bookingsTable, KEY } from '../../cli/bookings-table.ts';
import { parseStage } from '../../config/read.ts';
import { aws } from '../../functions/context.ts';
import { budgetTable } from '../../resources/budget-table.ts';
import { type DynamoDbServer, startDynamoDb } from '../../sandbox/dynamodb/server.ts';
import { createTables } from '../../sandbox/dynamodb/table.ts';
import type { UpdateItem } from '../../shared/enis/bookings.ts';
import { BookedOutError, createBookings } from '../../shared/enis/bookings.ts';
import { signedJson } from '../../shared/signed-json.ts';
import { systemClock } from '../../shared/time/clock.ts';
import { startMoto } from './moto.ts';
import { MOTO_CREDENTIALS } from './moto-clients.ts';
import { pythonTools } from './python-tools.ts';

const REGION = 'us-east-1';
const ACTION = 'AssignPrivateIpAddresses';
const LIMITS = { capacity: 90, reserve: 10, perSecond: 5 };
/** A busy machine answers as slowly as it likes. */
const CLOCK = { ...systemClock, after: () => () => undefined };
const made = z.object({ Properties: z.looseObject({ TableName: z.string() }) });

/** The table as the stage's stack makes it. */
const { Properties } = made.parse(
  budgetTable('test', parseStage(`region: ${REGION}\nec2: { budgetTable: true }\n`, 'test.yml'))
    .BudgetTable,
);
const table = Properties.TableName;

/** Sends one action, as the functions send `UpdateItem`. */
async function send(endpoint: string, action: string, input: object): Promise<void> {
  const { requestHandler } = new SQSClient({ region: REGION }).config;
  const ask = signedJson({
    ...{ service: 'dynamodb', target: `DynamoDB_20120810.${action}`, region: REGION, endpoint },
    credentials: async () => MOTO_CREDENTIALS,
    requestHandler,
  });
  expect(await ask(input, new AbortController().signal)).toMatchObject({ status: 200 });
}

const started: { stop(): Promise<void> }[] = [];
afterAll(async () => {
  for (const each of started) await each.stop();
});

describe.each([
  [
    'moto',
    async () => {
      const moto = await startMoto((await pythonTools())('moto_server'));
      started.push(moto);
      await send(moto.endpoint, 'CreateTable', Properties);
      return moto.endpoint;
    },
  ],
  [
    'the sandbox',
    async () => {
      const tables = createTables();
      tables.create(table, 'action');
      const server: DynamoDbServer = await startDynamoDb({ tables });
      started.push(server);
      return server.endpoint;
    },
  ],
])('in a table of %s', (_, start) => {
  let endpoint: string;
  let updateItem: UpdateItem;
  beforeAll(async () => {
    endpoint = await start();
  });
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', MOTO_CREDENTIALS.accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', MOTO_CREDENTIALS.secretAccessKey);
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', endpoint);
    const client = aws(REGION, CLOCK).updateItem;
    if (client === undefined) throw new Error('the functions book nothing');
    updateItem = client;
  });
  const execution = (action: typeof ACTION | 'UnassignPrivateIpAddresses' = ACTION) =>
    createBookings({ clock: CLOCK, table, action, limits: LIMITS, updateItem });

  test('executions book one after the other, and nothing that one books is lost', async () => {
    const first = await execution().book(90);
    const others = await Promise.all(Array.from({ length: 3 }, () => execution().book(5)));
    const until = [first, ...others].map(({ booked }) => booked.spentUntil ?? 0);
    const [began = 0] = until;
    // Five tokens take a second to come.
    expect(until.map((at) => at - began).toSorted((a, b) => a - b)).toEqual([
      0, 1_000, 2_000, 3_000,
    ]);
    const [item] = await bookingsTable(table, REGION, systemClock).readBooked();
    expect(item).toMatchObject({ action: ACTION, spentUntil: began + 3_000 });
  });

  test('who asks for more than is there in ten seconds is told when to ask again', async () => {
    const one = execution('UnassignPrivateIpAddresses');
    await one.book(90);
    await one.book(90);
    const refused = execution('UnassignPrivateIpAddresses').book(1);
    await expect(refused).rejects.toBeInstanceOf(BookedOutError);
    await expect(refused).rejects.toMatchObject({ booked: { spentUntil: expect.any(Number) } });
    await one.giveBack(80);
    await expect(execution('UnassignPrivateIpAddresses').book(1)).resolves.toBeDefined();
  });

  test('a throttle that one hears lowers the rate for all', async () => {
    expect(await execution().throttled()).toMatchObject({ perSecond: 3.75, calmMs: 45_000 });
    const other = execution();
    await other.book(1).catch(() => undefined);
    const seen = await bookingsTable(table, REGION, systemClock).readBooked();
    expect(seen.find(({ action }) => action === ACTION)).toMatchObject({ perSecond: 3.75 });
  });

  test('an operator reads the key of the table, and that there is no other', async () => {
    expect(await bookingsTable(table, REGION, systemClock).readKey()).toEqual([KEY]);
    expect(await bookingsTable('other', REGION, systemClock).readKey()).toBeUndefined();
  });
});

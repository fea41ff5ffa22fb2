import * as z from 'zod';
import { ExpressionError, expressionsOf, type Numbers } from './expressions.ts';

/** DynamoDB's `UpdateItem`, `DescribeTable` and `Scan`, on tables whose items have one key, a text, and numbers beside it. */
export interface Tables {
  create(table: string, key: string): void;
  remove(table: string): void;
  /** The numbers of an item. */
  item(table: string, key: string): Numbers | undefined;
  put(table: string, key: string, item: Numbers): void;
  delete(table: string, key: string): void;
  /** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html */
  updateItem(input: unknown): TableAnswer;
  /** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html */
  describeTable(input: unknown): TableAnswer;
  /** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html, of a table that fits one page. */
  scan(input: unknown): TableAnswer;
  /** How many writes were paid for: also those of which the condition did not hold. */
  writes(): number;
}

interface TableAnswer {
  readonly status: number;
  readonly body: object;
}

const named = z.strictObject({ TableName: z.string() });
const numbers = z.record(z.string().regex(/^:/), z.strictObject({ N: z.string() }));
const request = z.strictObject({
  TableName: z.string(),
  Key: z.record(z.string(), z.strictObject({ S: z.string() })),
  UpdateExpression: z.string(),
  ConditionExpression: z.string().optional(),
  ExpressionAttributeValues: numbers.default({}),
  ReturnValues: z.enum(['NONE', 'ALL_NEW']).default('NONE'),
  ReturnValuesOnConditionCheckFailure: z.enum(['NONE', 'ALL_OLD']).default('NONE'),
});

const PREFIX = 'com.amazonaws.dynamodb.v20120810#';
const VALIDATION = 'com.amazon.coral.validate#ValidationException';

interface Table {
  readonly key: string;
  readonly items: Map<string, Numbers>;
}

function refused(__type: string, message: string, more: object = {}): TableAnswer {
  return { status: 400, body: { __type, message, ...more } };
}

function notFound(): TableAnswer {
  return refused(`${PREFIX}ResourceNotFoundException`, 'Requested resource not found');
}

/** Reads a table that a request names alone. */
function reading(
  tables: ReadonlyMap<string, Table>,
  input: unknown,
  read: (table: Table, name: string) => object,
): TableAnswer {
  const parsed = named.safeParse(input);
  if (!parsed.success) return refused(VALIDATION, parsed.error.message);
  const { TableName } = parsed.data;
  const table = tables.get(TableName);
  return table === undefined ? notFound() : { status: 200, body: read(table, TableName) };
}

function description({ key }: Table, TableName: string): object {
  return {
    Table: {
      ...{ TableName, TableStatus: 'ACTIVE' },
      AttributeDefinitions: [{ AttributeName: key, AttributeType: 'S' }],
      KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
    },
  };
}

function page({ key, items }: Table): object {
  const Items = [...items].map(([id, item]) => attributesOf(key, id, item));
  return { Items, Count: Items.length, ScannedCount: Items.length };
}

export function createTables(): Tables {
  const tables = new Map<string, Table>();
  let writes = 0;
  const tableOf = (name: string) => {
    const table = tables.get(name);
    if (table === undefined) throw new Error(`there is no table ${name}`);
    return table;
  };
  return {
    create: (table, key) => void tables.set(table, { key, items: new Map() }),
    remove: (table) => void tables.delete(table),
    item: (table, key) => tableOf(table).items.get(key),
    put: (table, key, item) => void tableOf(table).items.set(key, item),
    delete: (table, key) => void tableOf(table).items.delete(key),
    writes: () => writes,
    describeTable: (input) => reading(tables, input, description),
    scan: (input) => reading(tables, input, page),
    updateItem(input) {
      const parsed = request.safeParse(input);
      if (!parsed.success) return refused(VALIDATION, parsed.error.message);
      const asked = parsed.data;
      const table = tables.get(asked.TableName);
      if (table === undefined) return notFound();
      const id = asked.Key[table.key]?.S;
      if (id === undefined || Object.keys(asked.Key).length !== 1) {
        return refused(VALIDATION, 'The provided key element does not match the schema');
      }
      const old = table.items.get(id);
      const values = Object.fromEntries(
        Object.entries(asked.ExpressionAttributeValues).map(([name, { N }]) => [name, Number(N)]),
      );
      const expressions = expressionsOf(old ?? {}, values);
      try {
        const holds =
          asked.ConditionExpression === undefined || expressions.holds(asked.ConditionExpression);
        if (!holds) {
          writes += 1;
          const shown =
            old !== undefined && asked.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
          return refused(
            `${PREFIX}ConditionalCheckFailedException`,
            'The conditional request failed',
            shown ? { Item: attributesOf(table.key, id, old) } : {},
          );
        }
        const item = expressions.updated(asked.UpdateExpression);
        expressions.assertAllUsed();
        writes += 1;
        table.items.set(id, item);
        const shown = asked.ReturnValues === 'ALL_NEW';
        return {
          status: 200,
          body: shown ? { Attributes: attributesOf(table.key, id, item) } : {},
        };
      } catch (error) {
        if (error instanceof ExpressionError) return refused(VALIDATION, error.message);
        throw error;
      }
    },
  };
}

function attributesOf(key: string, id: string, item: Numbers) {
  const numbers = Object.entries(item).map(([name, value]) => [name, { N: String(value) }]);
  return { [key]: { S: id }, ...Object.fromEntries(numbers) };
}

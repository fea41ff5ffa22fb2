import { SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { requestLimits } from '../shared/aws-calls.ts';
import type { BookedCalls } from '../shared/enis/booked-calls.ts';
import { bookedItem } from '../shared/enis/bookings.ts';
import { signedJson } from '../shared/signed-json.ts';
import type { Clock } from '../shared/time/clock.ts';
import { withDeadline } from '../shared/time/deadline.ts';
import { LIMITS } from './aws-clients.ts';

/** What an action's item of the table says. */
export interface Booked extends BookedCalls {
  readonly action: string;
}

/** The table in which executions book EC2's calls, as an operator looks at it. */
export interface BookingsTable {
  readonly name: string;
  readonly region: string;
  /**
   * The attributes of its key, such as `action (S)`; `undefined`: there is no such table.
   *
   * @throws what DynamoDB refuses with.
   */
  readKey(): Promise<readonly string[] | undefined>;
  /** @throws what DynamoDB refuses with, also if there is no such table. */
  readBooked(): Promise<readonly Booked[]>;
}

/** What the key has to be: resources/budget-table.ts makes it. */
export const KEY = 'action (S)';

const described = z.object({
  Table: z.object({
    KeySchema: z.array(z.object({ AttributeName: z.string() })),
    AttributeDefinitions: z.array(
      z.object({ AttributeName: z.string(), AttributeType: z.string() }),
    ),
  }),
});
const action = z.object({ S: z.string() }).transform(({ S }) => S);
// Four actions are booked: one page.
const scanned = z.object({ Items: z.array(bookedItem.extend({ action })) });
const refusal = z.object({ __type: z.string(), message: z.string().default('') });

export function bookingsTable(name: string, region: string, clock: Clock): BookingsTable {
  // The SDK's client for DynamoDB is no dependency: any client knows who the operator is.
  const { config } = new SQSClient({ region, requestHandler: requestLimits(LIMITS) });
  const ask = async (what: 'DescribeTable' | 'Scan'): Promise<unknown> => {
    const send = signedJson({
      ...{ service: 'dynamodb', target: `DynamoDB_20120810.${what}`, region },
      credentials: () => config.credentials(),
      requestHandler: config.requestHandler,
      endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB ?? process.env.AWS_ENDPOINT_URL,
      fips: process.env.AWS_USE_FIPS_ENDPOINT === 'true',
    });
    const { status, body } = await withDeadline(clock, LIMITS.callMs, undefined, (signal) =>
      send({ TableName: name }, signal),
    );
    if (status === 200) return body;
    const { __type, message } = refusal.parse(body);
    throw Object.assign(new Error(message), { name: __type.replace(/^.*#/, '') });
  };
  return {
    ...{ name, region },
    async readKey() {
      try {
        const { KeySchema, AttributeDefinitions } = described.parse(
          await ask('DescribeTable'),
        ).Table;
        const types = new Map(
          AttributeDefinitions.map((each) => [each.AttributeName, each.AttributeType]),
        );
        return KeySchema.map(({ AttributeName: key }) => `${key} (${types.get(key)})`);
      } catch (error) {
        if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    readBooked: async () => scanned.parse(await ask('Scan')).Items,
  };
}

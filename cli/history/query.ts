import {
  type CloudWatchLogsClient,
  GetQueryResultsCommand,
  StartQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import * as z from 'zod';
import type { Address } from '../../shared/address.ts';
import { ADDRESS_CHANGES, type AddressChange, addressLine } from '../../shared/address-log.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { Failed, trying } from '../failure.ts';

export type Logs = Pick<CloudWatchLogsClient, 'send'>;

/** One change of the address that was asked for. */
export interface LoggedChange extends AddressChange {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly cluster: string;
  readonly node: string;
  readonly reasons: readonly string[];
  /** The ids of the messages that asked for it. */
  readonly messages?: readonly string[] | undefined;
}

const POLL_MS = 500;
/** Logs Insights ends a query by itself after an hour; nobody waits so long. */
const POLLS = 240;
/** Logs Insights gives 10,000 lines at most. */
const MAX_LINES = 10_000;

const results = z.object({
  status: z.string(),
  results: z
    .array(z.array(z.object({ field: z.string().optional(), value: z.string().optional() })))
    .default([]),
});

/** The query for one address's lines. Its text is quoted as JSON, as the language has it. */
function queryFor(address: Address): string {
  return [
    'fields @timestamp, @message',
    `filter message = ${JSON.stringify(ADDRESS_CHANGES)} and @message like ${JSON.stringify(address)}`,
    'sort @timestamp asc',
    `limit ${MAX_LINES}`,
  ].join(' | ');
}

/**
 * The changes of an address that the functions of a stage logged, the oldest first.
 *
 * @param from milliseconds since the epoch.
 * @throws Failed if CloudWatch Logs refuses, or does not end.
 */
export async function changesOf(
  logs: Logs,
  { address, stage, from, clock }: AskedHistory,
): Promise<readonly LoggedChange[]> {
  const group = `/aws/lambda/multus-eni-reconciler-${stage}-reconcile`;
  const { queryId } = await trying(`query the log ${group}`, () =>
    logs.send(
      new StartQueryCommand({
        logGroupNames: [group],
        startTime: Math.floor(from / 1000),
        endTime: Math.ceil(clock.now() / 1000),
        queryString: queryFor(address),
      }),
    ),
  );
  for (let poll = 0; poll < POLLS; poll += 1) {
    const answer = await trying('read what the query found', () =>
      logs.send(new GetQueryResultsCommand({ queryId })),
    );
    const { status, results: rows } = results.parse(answer);
    if (status === 'Complete') return rows.flatMap((row) => changesIn(row, address));
    if (!['Scheduled', 'Running'].includes(status))
      throw new Failed(`the query ended as ${status}`);
    await sleep(clock, POLL_MS);
  }
  throw new Failed('the query takes too long: give a shorter --since');
}

export interface AskedHistory {
  readonly address: Address;
  readonly stage: string;
  readonly from: number;
  readonly clock: Clock;
}

function changesIn(
  row: readonly { readonly field?: string; readonly value?: string }[],
  address: Address,
): LoggedChange[] {
  const field = (name: string): string => row.find((each) => each.field === name)?.value ?? '';
  const line = addressLine.safeParse(json(field('@message'))).data;
  if (line === undefined) return [];
  const at = Date.parse(`${field('@timestamp').replace(' ', 'T')}Z`);
  const { cluster, node, reasons, messages } = line;
  return line.changes
    .filter((change) => change.address === address)
    .map((change) => ({ ...change, at, cluster, node, reasons, messages }));
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

import { type CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { trying } from '../failure.ts';
import type { LoggedChange } from './query.ts';

export type Trail = Pick<CloudTrailClient, 'send'>;

/** What CloudTrail says of a request. */
export interface TrailEvent {
  readonly event: string;
  /** The ARN of who called, or its type. */
  readonly by: string;
  /** The address that the call came from, or the service. */
  readonly from: string;
  /** RFC 3339. */
  readonly at: string;
  readonly error?: string | undefined;
}

export interface TrailedChange extends LoggedChange {
  /** Absent if CloudTrail was not asked, or the line names no request. */
  readonly trail?: TrailEvent | 'unknown';
}

/** The newest changes are joined; each costs a call or more, of which CloudTrail takes two a second. */
const MOST_CHANGES = 20;
const PAUSE_MS = 600;
/** A function writes its line when its node is done, which it is after this at most: ms. */
const BEFORE_MS = 60_000;
/** CloudTrail's times are whole seconds, and clocks differ: ms. */
const AFTER_MS = 5_000;
/** Of 50 events each: more than EC2 takes calls of one action in that time. */
const MOST_PAGES = 20;

const events = z
  .array(z.object({ CloudTrailEvent: z.string() }))
  .default([])
  .transform((list) => list.flatMap(({ CloudTrailEvent: text }) => recordIn(text)));

const record = z.object({
  requestID: z.string().optional(),
  eventName: z.string(),
  eventTime: z.string(),
  sourceIPAddress: z.string().default('unknown'),
  errorCode: z.string().optional(),
  userIdentity: z
    .object({ arn: z.string().optional(), type: z.string().optional() })
    .default({ type: 'unknown' }),
});

/**
 * The changes with what CloudTrail's event history says of their EC2 requests. It keeps 90 days, and cannot be
 * asked for a request: its events of that action and time are looked through.
 *
 * @throws Failed if CloudTrail refuses.
 */
export async function withTrail(
  trail: Trail,
  changes: readonly LoggedChange[],
  clock: Clock,
): Promise<readonly TrailedChange[]> {
  const first = changes.length - MOST_CHANGES;
  const joined: TrailedChange[] = [];
  for (const [index, change] of changes.entries()) {
    const { request } = change;
    const event =
      index < first || !request ? undefined : await eventOf(trail, { ...change, request }, clock);
    joined.push(event === undefined ? change : { ...change, trail: event });
  }
  return joined;
}

async function eventOf(
  trail: Trail,
  change: LoggedChange & { readonly request: string },
  clock: Clock,
): Promise<TrailEvent | 'unknown'> {
  let NextToken: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await trying('look up events of CloudTrail', () =>
      trail.send(
        new LookupEventsCommand({
          LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: actionOf(change) }],
          StartTime: new Date(change.at - BEFORE_MS),
          EndTime: new Date(change.at + AFTER_MS),
          NextToken,
        }),
      ),
    );
    const found = events.parse(answer.Events).find(({ requestID }) => requestID === change.request);
    if (found !== undefined) return eventIn(found);
    NextToken = answer.NextToken;
    if (NextToken === undefined) break;
    await sleep(clock, PAUSE_MS);
  }
  await sleep(clock, PAUSE_MS);
  return 'unknown';
}

function actionOf({ address, change }: LoggedChange): string {
  const verb = change === 'released' ? 'Unassign' : 'Assign';
  return address.includes(':') ? `${verb}Ipv6Addresses` : `${verb}PrivateIpAddresses`;
}

function eventIn({
  errorCode,
  eventName,
  eventTime,
  sourceIPAddress,
  userIdentity: { arn, type },
}: z.infer<typeof record>): TrailEvent {
  const by = arn ?? type ?? 'unknown';
  return { event: eventName, by, from: sourceIPAddress, at: eventTime, error: errorCode };
}

function recordIn(text: string): z.infer<typeof record>[] {
  try {
    const parsed = record.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

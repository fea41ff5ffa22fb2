import * as z from 'zod';
import type { LoggedCall } from '../ec2/calls.ts';
import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';

/** CloudTrail's event history on loopback: what EC2 was asked. */
export interface SandboxCloudTrail {
  readonly endpoint: string;
  /** From now on the caller may do nothing. */
  deny(): void;
  stop(): Promise<void>;
}

const lookup = z.strictObject({
  /** "Currently the list can contain only one item." */
  LookupAttributes: z
    .array(z.strictObject({ AttributeKey: z.literal('EventName'), AttributeValue: z.string() }))
    .max(1)
    .default([]),
  /** Seconds since the epoch. */
  StartTime: z.number(),
  EndTime: z.number(),
  MaxResults: z.int().min(1).max(50).default(50),
  NextToken: z.string().optional(),
});

const TARGET = 'CloudTrail_20131101.LookupEvents';

/**
 * https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html; newest first, as it
 * answers. It has an event at once, and the real one after some minutes.
 *
 * @param caller the ARN that every call is said to come from.
 */
export async function startCloudTrail(options: {
  readonly calls: () => readonly LoggedCall[];
  readonly caller: string;
  readonly keys?: Keys;
}): Promise<SandboxCloudTrail> {
  let isDenied = false;
  const server = createSignedServer(options.keys, 'json', (request, response, text) => {
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    if (isDenied)
      return answer(400, { __type: 'AccessDeniedException', message: 'not authorized' });
    if (request.headers['x-amz-target'] !== TARGET) {
      return answer(400, { __type: 'UnknownOperationException' });
    }
    const input = lookup.safeParse(JSON.parse(text));
    if (!input.success) return answer(400, { __type: 'InvalidLookupAttributesException' });
    return answer(200, found(options, input.data));
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    deny() {
      isDenied = true;
    },
    stop,
  };
}

function found(
  { calls, caller }: { readonly calls: () => readonly LoggedCall[]; readonly caller: string },
  {
    LookupAttributes: [name],
    StartTime,
    EndTime,
    MaxResults,
    NextToken = '0',
  }: z.infer<typeof lookup>,
): object {
  const matching = calls()
    .filter(({ at }) => at >= StartTime * 1_000 && at <= EndTime * 1_000 + 999)
    .filter(({ action }) => name === undefined || action === name.AttributeValue)
    .toReversed();
  const from = Number(NextToken);
  const next = from + MaxResults;
  return {
    Events: matching.slice(from, next).map((call) => eventOf(call, caller)),
    ...(next < matching.length && { NextToken: String(next) }),
  };
}

/** Amazon CloudTrail User Guide, "CloudTrail record contents". */
function eventOf({ action, at, outcome, requestId }: LoggedCall, arn: string): object {
  const record = {
    eventVersion: '1.11',
    userIdentity: { type: 'AssumedRole', arn },
    eventTime: new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'),
    eventSource: 'ec2.amazonaws.com',
    eventName: action,
    sourceIPAddress: '127.0.0.1',
    ...(outcome.kind === 'refused' && { errorCode: `Client.${outcome.code}` }),
    requestID: requestId,
  };
  return {
    EventName: action,
    EventSource: 'ec2.amazonaws.com',
    EventTime: Math.floor(at / 1_000),
    CloudTrailEvent: JSON.stringify(record),
  };
}

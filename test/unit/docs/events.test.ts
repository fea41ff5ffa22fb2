import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { messageGroupOf } from '../../../shared/messages/queue.ts';
import { parseMessage } from '../../../shared/messages/schema.ts';

const FOLDER = new URL('../../../events/', import.meta.url);
const WELL_FORMED = ['node-resync', 'pod-add', 'pod-delete', 'pod-update'];

/** What Lambda hands over for a FIFO queue; each number is a text. */
const event = z.strictObject({
  Records: z.tuple([
    z.strictObject({
      messageId: z.uuid(),
      receiptHandle: z.string().min(1),
      body: z.string(),
      attributes: z.strictObject({
        ApproximateReceiveCount: z.string().regex(/^[1-9]\d*$/),
        ApproximateFirstReceiveTimestamp: z.string().regex(/^\d{13}$/),
        SentTimestamp: z.string().regex(/^\d{13}$/),
        SenderId: z.string().min(1),
        SequenceNumber: z.string().regex(/^\d{20}$/),
        MessageGroupId: z.string().min(1),
        MessageDeduplicationId: z.string().min(1),
      }),
      messageAttributes: z.strictObject({}),
      md5OfBody: z.string(),
      eventSource: z.literal('aws:sqs'),
      eventSourceARN: z
        .string()
        .regex(/^arn:aws:sqs:us-east-1:\d{12}:multus-eni-reconciler-dev\.fifo$/),
      awsRegion: z.literal('us-east-1'),
    }),
  ]),
});

function recordOf(name: string) {
  return event.parse(JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8'))).Records[0];
}

function messageOf(name: string) {
  const parsed = parseMessage(recordOf(name).body);
  if (!parsed.ok) throw new Error(`${name}: ${parsed.detail}`);
  return parsed.message;
}

test('the folder holds these events and no other', () => {
  const files = readdirSync(FOLDER).toSorted();
  expect(files).toEqual([...WELL_FORMED, 'malformed'].map((name) => `${name}.json`).toSorted());
});

describe.each([...WELL_FORMED, 'malformed'])('%s', (name) => {
  test('is what Lambda hands over, with the right digest', () => {
    const { body, md5OfBody } = recordOf(name);
    expect(md5OfBody).toBe(createHash('md5').update(body).digest('hex'));
  });
});

describe.each(WELL_FORMED)('%s', (name) => {
  test('holds a message of the schema, in the group of its node', () => {
    expect(recordOf(name).attributes.MessageGroupId).toBe(messageGroupOf(messageOf(name)));
  });
});

test('the pod events are about the guide’s sampleapp', () => {
  for (const kind of ['add', 'update', 'delete']) {
    const message = messageOf(`pod-${kind}`);
    expect(message).toMatchObject({
      reason: 'pods',
      pods: [{ event: kind, namespace: 'default', name: 'sampleapp' }],
    });
  }
  expect(messageOf('node-resync')).toMatchObject({ reason: 'resync', pods: [] });
});

test('the malformed one is refused, with a reason that names the place', () => {
  const parsed = parseMessage(recordOf('malformed').body);
  expect(parsed).toMatchObject({ ok: false, detail: expect.stringMatching(/^pods: /) });
});

import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeGroup } from '../../../../../shared/messages/group.ts';
import { type Bed, startBed } from '../../../../support/bed.ts';
import { enqueue, nextEvent } from '../../queued.ts';
import { nodeMessage } from '../../records.ts';

/** SQS: a message with all of its attributes has so many bytes at most. */
const LIMIT = 1_048_576;
/** Of the attribute’s name and type. */
const ATTRIBUTE = 'reasonString'.length;

async function startQueue(): Promise<Bed> {
  const bed = await startBed();
  onTestFinished(() => bed.stop());
  return bed;
}

function letters({ world }: Bed) {
  return world.sqs.messages(world.deadLetterQueue.name).map(({ body, attributes }) => ({
    body,
    reason: attributes.reason?.StringValue,
    origin: attributes['replay-origin']?.StringValue,
  }));
}

/** How long the queue keeps a message from being received, ms. */
function hiddenFor({ world }: Bed, id: string | undefined): number {
  const message = world.sqs.messages(world.queue.name).find((each) => each.id === id);
  return (message?.visibleAt ?? Number.NaN) - world.clock.now();
}

describe('a message that the dead-letter queue does not take', () => {
  const unknown = JSON.stringify(nodeMessage({ cluster: 'staging' }));
  test.each([
    ['that is none', 'no JSON', 'g'],
    ['for a cluster that is not configured', unknown, nodeGroup('staging', 'node-a')],
  ])('%s: is not acknowledged, and comes back after a moment', async (_, body, group) => {
    const bed = await startQueue();
    await enqueue(bed, group, body);
    const event = await nextEvent(bed);
    const [id] = event.Records.map(({ messageId }) => messageId);
    bed.world.sqs.faults.fail('SendMessage', 3);

    expect(await bed.reconcile(event)).toEqual({ batchItemFailures: [{ itemIdentifier: id }] });
    expect(letters(bed)).toEqual([]);
    expect(hiddenFor(bed, id)).toBeLessThanOrEqual(1_000);
    expect(bed.telemetry.total('MessagesMalformed')).toBe(0);
    bed.startDelivery();
    await expect.poll(() => letters(bed), { timeout: 10_000 }).toMatchObject([{ body }]);
    await expect.poll(() => bed.telemetry.total('MessagesMalformed')).toBe(1);
  });
});

describe('a malformed body comes whole into the dead-letter queue', () => {
  const reason = 'not JSON: Unexpected token';
  test.each([
    ['all the room', LIMIT - ATTRIBUTE - 1_000, reason],
    ['some room', LIMIT - ATTRIBUTE - 8, 'not JSON'],
    ['one byte', LIMIT - ATTRIBUTE - 1, 'n'],
    ['no room', LIMIT - ATTRIBUTE, undefined],
    ['no room for its name', LIMIT - 1, undefined],
    ['nothing at all', LIMIT, undefined],
  ])('also if it leaves its reason %s, of which comes what fits', async (_, length, said) => {
    const bed = await startQueue();
    const body = 'x'.repeat(length);
    await enqueue(bed, 'g', body);

    expect(await bed.reconcile(await nextEvent(bed))).toEqual({ batchItemFailures: [] });
    const [letter, ...others] = letters(bed);
    expect(others).toEqual([]);
    expect(letter?.body === body).toBe(true);
    if (said === undefined) expect(letter?.reason).toBeUndefined();
    else expect(letter?.reason?.startsWith(said)).toBe(true);
  });
});

describe('the mark of a message that was replayed', () => {
  const string = (value: string) => ({ DataType: 'String', StringValue: value });
  test.each([
    ['is kept', string('first-id'), 'first-id'],
    [
      'is dropped if replay cannot have written it, being too long',
      string('x'.repeat(101)),
      undefined,
    ],
    ['nor binary', { DataType: 'Binary', BinaryValue: new Uint8Array([1]) }, undefined],
  ])('%s', async (_, mark, origin) => {
    const bed = await startQueue();
    const body = JSON.stringify(nodeMessage({ cluster: 'staging' }));
    await enqueue(bed, nodeGroup('staging', 'node-a'), body, { 'replay-origin': mark });

    expect(await bed.reconcile(await nextEvent(bed))).toEqual({ batchItemFailures: [] });
    const reason = expect.stringContaining('cluster staging is not configured');
    expect(letters(bed)).toEqual([{ body, reason, origin }]);
  });

  test('is kept if it leaves no room for the reason', async () => {
    const bed = await startQueue();
    const mark = 'replay-originStringfirst-id'.length;
    const body = 'x'.repeat(LIMIT - mark);
    await enqueue(bed, 'g', body, { 'replay-origin': string('first-id') });

    expect(await bed.reconcile(await nextEvent(bed))).toEqual({ batchItemFailures: [] });
    expect(letters(bed)).toMatchObject([{ origin: 'first-id', reason: undefined }]);
  });
});

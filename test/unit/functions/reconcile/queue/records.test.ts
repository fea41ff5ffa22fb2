import { describe, expect, it } from 'vitest';
import { readBatch } from '../../../../../functions/reconcile/queue/records.ts';
import { nodeMessage, sqsRecord } from '../../records.ts';

describe('a batch', () => {
  it('is read into messages and malformed bodies, each with its envelope', () => {
    const good = JSON.stringify(nodeMessage());
    const { received, malformed } = readBatch({
      Records: [sqsRecord('a', good), sqsRecord('b', 'nonsense'), sqsRecord('c', good)],
    });
    expect(received.map(({ envelope }) => envelope.messageId)).toEqual(['message-a', 'message-c']);
    expect(received[0]?.message).toEqual(nodeMessage());
    expect(received[0]?.envelope.attributes.ApproximateReceiveCount).toBe(1);
    expect(malformed).toMatchObject([
      {
        envelope: { messageId: 'message-b', body: 'nonsense' },
        detail: expect.stringMatching(/not JSON/),
      },
    ]);
  });

  const broken = (spec: object): string => JSON.stringify({ ...nodeMessage(), ...spec });
  it.each([
    ['', /not JSON/],
    ['null', /body: /],
    ['[]', /body: /],
    ['{}', /reason: /],
    [broken({ version: 2 }), /version: /],
    [broken({ node: '' }), /node: /],
    [broken({ reason: 'because' }), /reason: /],
    [broken({ observedAt: 'yesterday' }), /observedAt: /],
    [broken({ instanceId: 'none' }), /instanceId: /],
    [broken({ extra: 1 }), /extra/],
    [broken({ pods: [{ event: 'add' }] }), /pods\.0\./],
    [broken({ pods: undefined }), /pods: /],
  ])('says of the body %s what is wrong', (body, detail) => {
    const { received, malformed } = readBatch({ Records: [sqsRecord('a', body)] });
    expect(received).toEqual([]);
    expect(malformed.map((entry) => entry.detail)).toEqual([expect.stringMatching(detail)]);
  });

  it('has no message in another group than that of its node', () => {
    const own = sqsRecord('a', JSON.stringify(nodeMessage()));
    const inGroup = (MessageGroupId: string | undefined) => ({
      ...own,
      attributes: { ...own.attributes, MessageGroupId },
    });
    const { received, malformed } = readBatch({
      Records: [own, inGroup('made-up'), inGroup('none'), inGroup(undefined)],
    });
    // Only who wrote the event by hand leaves the group out.
    expect(received).toHaveLength(2);
    expect(malformed.map(({ detail }) => detail)).toEqual([
      'its group made-up is not the group of what it names, demo/node-a',
      'its group none is not the group of what it names, demo/node-a',
    ]);
  });

  it.each([undefined, {}, { Records: 'x' }, { Records: [{ body: '{}' }] }])(
    'that is none of SQS’s, such as %o, is refused',
    (event) => {
      expect(() => readBatch(event)).toThrow();
    },
  );
});

import { describe, expect, it } from 'vitest';
import { requestOf } from '../../../../../functions/reconcile/queue/request.ts';
import type { NodeMessage } from '../../../../../shared/messages/schema.ts';
import { envelope, nodeMessage, OBSERVED_AT, podEvent } from '../../records.ts';

const MINUTES = 60_000;
const DELETED = { pods: [podEvent('delete', '172.16.1.70')] };

function request(
  messages: readonly Partial<NodeMessage>[],
  { now = OBSERVED_AT, receives = 1 } = {},
) {
  const received = messages.map((spec, index) => ({
    envelope: envelope(String(index), receives),
    message: nodeMessage(spec),
  }));
  return requestOf('node-a', received, now);
}

const seenToEnd = (...args: Parameters<typeof request>) => [...request(...args).seenToEnd];

describe('the addresses whose claims somebody saw end', () => {
  it('are those of updates and deletes, in their canonical text', () => {
    const pods = [
      podEvent('update', '172.16.1.70'),
      podEvent('delete', '2001:DB8:0:0:1::70'),
      podEvent('add', '172.16.1.72'),
    ];
    expect(seenToEnd([{ pods }])).toEqual(['172.16.1.70', '2001:db8::1:0:0:70']);
  });

  it('are those of all messages together, without what only a list shows', () => {
    const listed = { ...podEvent('delete', '172.16.1.73'), inferred: true as const };
    const messages = [
      { pods: [podEvent('delete', '172.16.1.70', '172.16.1.71')] },
      { pods: [podEvent('delete', '172.16.1.70'), listed] },
    ];
    expect(seenToEnd(messages)).toEqual(['172.16.1.70', '172.16.1.71']);
  });

  it.each([
    [15 * MINUTES, ['172.16.1.70']],
    [15 * MINUTES + 1, []],
    [-15 * MINUTES, ['172.16.1.70']],
    [-15 * MINUTES - 1, []],
  ])('count %i ms after they were observed: %o', (age, expected) => {
    expect(seenToEnd([DELETED], { now: OBSERVED_AT + age })).toEqual(expected);
  });

  it.each(['replay', 'resync', 'sweep', 'moved'] as const)('are none in a %s', (reason) => {
    expect(seenToEnd([{ ...DELETED, reason }])).toEqual([]);
  });

  it('count in an old and a new message only by the new one', () => {
    const old = new Date(OBSERVED_AT - 20 * MINUTES).toISOString();
    const messages = [
      { ...DELETED, observedAt: old },
      { pods: [podEvent('update', '172.16.1.71')] },
    ];
    expect(seenToEnd(messages)).toEqual(['172.16.1.71']);
  });
});

it('a request has the instance that a message named last, and the pods of all', () => {
  const { instanceId, node, pods } = request([
    { instanceId: 'i-0a', ...DELETED },
    { instanceId: 'i-0b' },
    { pods: [podEvent('add')] },
  ]);
  expect(node).toBe('node-a');
  expect(instanceId).toBe('i-0b');
  expect(pods.map(({ event }) => event)).toEqual(['delete', 'add']);
});

it('another node may have what the pods claim if any message says so, and then an Assign is expected', () => {
  expect(request([{}, { lookFirst: true }])).toMatchObject({
    lookFirst: true,
    expects: { assigns: true },
  });
  expect(request([{}, DELETED])).toMatchObject({ lookFirst: false, expects: { assigns: false } });
});

describe('when the news was seen', () => {
  const at = (ms: number): string => new Date(OBSERVED_AT + ms).toISOString();
  const sinceOf = (messages: readonly { observed: number; sent?: number; first?: number }[]) => {
    const received = messages.map(({ observed, sent, first }, index) => {
      const { attributes, ...rest } = envelope(String(index));
      return {
        envelope: {
          ...rest,
          attributes: {
            ...attributes,
            ...(sent !== undefined && { SentTimestamp: OBSERVED_AT + sent }),
          },
          ...(first !== undefined && {
            messageAttributes: { 'first-sent': { stringValue: OBSERVED_AT + first } },
          }),
        },
        message: nodeMessage({ ...DELETED, observedAt: at(observed) }),
      };
    });
    return requestOf('node-a', received, OBSERVED_AT + 10 * MINUTES).since - OBSERVED_AT;
  };

  it('is when the oldest of it was observed', () => {
    expect(
      sinceOf([
        { observed: 2_000, sent: 3_000 },
        { observed: 1_000, sent: 3_000 },
      ]),
    ).toBe(1_000);
  });

  it('is at the latest when SQS got it, as a forwarder’s clock may be ahead', () => {
    const ahead = { observed: 3 * MINUTES, sent: 1_000 };
    expect(sinceOf([ahead])).toBe(1_000);
  });

  it('is at the latest when SQS first got what was passed on', () => {
    const passedOn = { observed: 3 * MINUTES, sent: 60_000, first: 1_000 };
    expect(sinceOf([passedOn])).toBe(1_000);
  });

  it('is never later than now', () => {
    expect(sinceOf([{ observed: 12 * MINUTES }])).toBe(10 * MINUTES);
  });
});

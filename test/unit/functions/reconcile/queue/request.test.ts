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

const named = (...args: Parameters<typeof request>) => [...request(...args).named.keys()];

describe('the addresses that messages name', () => {
  it('are those of updates and deletes, in their canonical text', () => {
    const pods = [
      podEvent('update', '172.16.1.70'),
      podEvent('delete', '2001:DB8:0:0:1::70'),
      podEvent('add', '172.16.1.72'),
    ];
    expect(named([{ pods }])).toEqual(['172.16.1.70', '2001:db8::1:0:0:70']);
  });

  it('are those of all messages together, each with the latest time at which it was named', () => {
    const later = new Date(OBSERVED_AT + 1000).toISOString();
    const { named: all } = request([
      { pods: [podEvent('delete', '172.16.1.70', '172.16.1.71')] },
      { ...DELETED, observedAt: later },
    ]);
    expect([...all]).toEqual([
      ['172.16.1.70', OBSERVED_AT + 1000],
      ['172.16.1.71', OBSERVED_AT],
    ]);
  });

  it.each([
    [15 * MINUTES, ['172.16.1.70']],
    [15 * MINUTES + 1, []],
    [-15 * MINUTES, ['172.16.1.70']],
    [-15 * MINUTES - 1, []],
  ])('count %i ms after they were observed: %o', (age, expected) => {
    expect(named([DELETED], { now: OBSERVED_AT + age })).toEqual(expected);
  });

  it.each(['replay', 'resync', 'sweep', 'moved'] as const)('are none in a %s', (reason) => {
    expect(named([{ ...DELETED, reason }])).toEqual([]);
  });

  it('count in an old and a new message only by the new one', () => {
    const old = new Date(OBSERVED_AT - 20 * MINUTES).toISOString();
    const messages = [
      { ...DELETED, observedAt: old },
      { pods: [podEvent('update', '172.16.1.71')] },
    ];
    expect(named(messages)).toEqual(['172.16.1.71']);
  });
});

describe('what pods of other nodes let go of', () => {
  const letGo = (node: string, ip: string, age = 0) => ({
    node,
    observedAt: new Date(OBSERVED_AT - age).toISOString(),
    ips: [ip],
  });
  const letGoIn = (...args: Parameters<typeof request>) =>
    Object.fromEntries([...request(...args).letGo].map(([node, ips]) => [node, [...ips]]));

  it('is that of all messages, by node, and none of it is named for release', () => {
    const messages = [
      { letGo: [letGo('node-b', '172.16.1.70'), letGo('node-c', '172.16.1.70')] },
      { letGo: [letGo('node-b', '2001:DB8:0:0:1::70')] },
    ];
    expect(letGoIn(messages)).toEqual({
      'node-b': ['172.16.1.70', '2001:db8::1:0:0:70'],
      'node-c': ['172.16.1.70'],
    });
    expect(named(messages)).toEqual([]);
  });

  it('counts for 15 minutes from when it was let go of, however young the message', () => {
    const messages = [
      { letGo: [letGo('node-b', '172.16.1.70', 15 * MINUTES)] },
      { letGo: [letGo('node-c', '172.16.1.70', 15 * MINUTES + 1)] },
    ];
    expect(letGoIn(messages)).toEqual({ 'node-b': ['172.16.1.70'] });
  });

  it.each(['replay', 'resync', 'sweep', 'moved'] as const)('is nothing in a %s', (reason) => {
    expect(letGoIn([{ reason, letGo: [letGo('node-b', '172.16.1.70')] }])).toEqual({});
  });
});

describe('what the read shows as kept is assigned again', () => {
  it('for a message that was tried before, or that tells of a take-over', () => {
    expect(request([{}], { receives: 2 }).assignKept).toBe(true);
    expect(request([{}, { reason: 'moved' }]).assignKept).toBe(true);
  });

  it.each(['pods', 'resync', 'sweep', 'replay'] as const)('not for a first %s', (reason) => {
    expect(request([{ reason }]).assignKept).toBe(false);
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

describe('the addresses that others may have', () => {
  const others = (messages: readonly Partial<NodeMessage>[], age = 0) => [
    ...request(messages, { now: OBSERVED_AT + age }).contested,
  ];

  it('are those that pods of other nodes claim too, in their canonical text', () => {
    expect(others([{ contested: ['172.16.1.70'] }, { contested: ['2001:DB8::70'] }])).toEqual([
      '172.16.1.70',
      '2001:db8::70',
    ]);
  });

  it('and those that pods of other nodes let go of, however long ago', () => {
    const observedAt = new Date(OBSERVED_AT).toISOString();
    const letGo = [{ node: 'node-b', observedAt, ips: ['172.16.1.71'] }];
    expect(others([{ letGo }], 20 * MINUTES)).toEqual(['172.16.1.71']);
  });
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
    const { since, named: names } = requestOf('node-a', received, OBSERVED_AT + 10 * MINUTES);
    return { since: since - OBSERVED_AT, named: [...names.values()].map((ms) => ms - OBSERVED_AT) };
  };

  it('is when the oldest of it was observed', () => {
    expect(
      sinceOf([
        { observed: 2_000, sent: 3_000 },
        { observed: 1_000, sent: 3_000 },
      ]),
    ).toEqual({
      since: 1_000,
      named: [2_000],
    });
  });

  it('is at the latest when SQS got it, as a forwarder’s clock may be ahead', () => {
    const ahead = { observed: 3 * MINUTES, sent: 1_000 };
    expect(sinceOf([ahead])).toEqual({ since: 1_000, named: [1_000] });
  });

  it('is at the latest when SQS first got what was passed on', () => {
    const passedOn = { observed: 3 * MINUTES, sent: 60_000, first: 1_000 };
    expect(sinceOf([passedOn])).toMatchObject({ since: 1_000 });
  });

  it('is never later than now', () => {
    expect(sinceOf([{ observed: 12 * MINUTES }])).toMatchObject({ since: 10 * MINUTES });
  });
});

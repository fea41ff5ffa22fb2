import { describe, expect, it, test } from 'vitest';
import { deduplicationId, heartbeatGroup, nodeGroup } from '../../../../shared/messages/group.ts';
import { parseMessage } from '../../../../shared/messages/schema.ts';

const message = {
  version: 1,
  cluster: 'demo',
  node: 'ip-172-16-0-10.ec2.internal',
  instanceId: 'i-0abc',
  reason: 'pods',
  observedAt: '2026-01-01T00:00:00.000Z',
  pods: [
    {
      event: 'delete',
      namespace: 'default',
      name: 'sampleapp',
      uid: 'u1',
      ips: ['172.16.1.70', 'fd00::70'],
    },
  ],
};
const LET_GO = {
  node: 'ip-172-16-0-11.ec2.internal',
  observedAt: '2026-01-01T00:00:00.000Z',
  ips: ['172.16.1.71'],
};
const heartbeat = {
  version: 1,
  cluster: 'demo',
  reason: 'heartbeat',
  observedAt: '2026-01-01T00:00:00Z',
};

describe('a message', () => {
  it.each([
    [message],
    [{ ...message, instanceId: undefined }],
    [{ ...message, reason: 'resync', pods: [] }],
    [{ ...message, lookFirst: true }],
    [heartbeat],
  ])('is read as it was written: %j', (written) => {
    const body = JSON.stringify(written);
    expect(parseMessage(body)).toEqual({ ok: true, message: JSON.parse(body) });
  });

  it.each([
    ['', /^not JSON/],
    ['null', /^body: /],
    [JSON.stringify({ ...message, version: 2 }), /^version: /],
    [JSON.stringify({ ...message, reason: 'because' }), /^reason: /],
    [JSON.stringify({ ...message, node: '' }), /^node: /],
    [JSON.stringify({ ...message, node: undefined }), /^node: /],
    [JSON.stringify({ ...message, instanceId: 'eni-0abc' }), /^instanceId: /],
    [JSON.stringify({ ...message, observedAt: 'now' }), /^observedAt: /],
    [
      JSON.stringify({ ...message, pods: [{ ...message.pods[0], ips: ['172.16.1.999'] }] }),
      /^pods\.0\.ips\.0: /,
    ],
    [JSON.stringify({ ...message, lookFirst: false }), /^lookFirst: /],
    [JSON.stringify({ ...message, extra: true }), /extra/],
    [JSON.stringify({ ...heartbeat, pods: [] }), /pods/],
  ])('%s is refused with where it is wrong', (body, detail) => {
    const parsed = parseMessage(body);
    expect(parsed.ok ? 'no problem' : parsed.detail).toMatch(detail);
  });
});

describe('a message of an earlier forwarder', () => {
  it.each([
    ['let go of', { letGo: [LET_GO] }],
    ['claim too', { contested: ['172.16.1.71'] }],
    ['let go of and claim too', { letGo: [LET_GO], contested: ['172.16.1.71'] }],
  ])('that names what pods of other nodes %s has EC2 looked at first', (_, said) => {
    expect(parseMessage(JSON.stringify({ ...message, ...said }))).toEqual({
      ok: true,
      message: { ...message, lookFirst: true },
    });
  });

  it('that names nothing of others does not', () => {
    expect(parseMessage(JSON.stringify({ ...message, letGo: [], contested: [] }))).toEqual({
      ok: true,
      message,
    });
  });
});

describe('a message group', () => {
  test('is the cluster and the node', () => {
    expect(nodeGroup('demo', 'node-a')).toBe('demo/node-a');
  });

  test('is a hash if SQS would not take the names', () => {
    const long = nodeGroup('demo', 'n'.repeat(200));
    expect(long).toMatch(/^[0-9a-f]{64}$/);
    expect(nodeGroup('demo', 'n'.repeat(201))).not.toBe(long);
    expect(nodeGroup('demo', 'nöde')).toMatch(/^[0-9a-f]{64}$/);
    expect(nodeGroup('c'.repeat(100), 'n'.repeat(27))).toHaveLength(128);
  });

  test('of heartbeats is no node’s', () => {
    // A Node's name is a DNS subdomain, so that it never has a #.
    expect(heartbeatGroup('demo')).toBe('demo/#heartbeat');
  });

  test('never repeats a deduplication id', () => {
    expect(deduplicationId()).not.toBe(deduplicationId());
    expect(deduplicationId(() => 'fixed')).toBe('fixed');
  });
});

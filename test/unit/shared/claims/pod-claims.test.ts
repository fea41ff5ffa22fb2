import { describe, expect, it, test } from 'vitest';
import { parseAddress } from '../../../../shared/address.ts';
import type { ParsedNetwork } from '../../../../shared/claims/net-attach-def.ts';
import { claimsOf, type RecordedAddress } from '../../../../shared/claims/pod-claims.ts';
import {
  FLOATING_IPS,
  IGNORE,
  MIRROR,
  NETWORK_STATUS,
} from '../../../../shared/cluster/annotations.ts';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { plainPod } from '../../../support/plain-pod.ts';

const CREATED = Date.UTC(2026, 0, 1);
const SINCE = '2026-01-02T00:00:00Z';

const networks = new Map<string, ParsedNetwork>(
  [
    { network: 'ns/one', master: 'eth1', ignored: false, ranges: [] },
    { network: 'ns/two', master: 'eth2', ignored: false, ranges: [] },
    { network: 'ns/ignored', ignored: true, ranges: [] },
  ].map((network) => [network.network, network]),
);

const status = JSON.stringify([
  { name: 'aws-cni', ips: ['172.16.0.21'], default: true },
  { name: 'ns/one', interface: 'net1', ips: ['172.16.1.70'], mac: '0a:00:00:00:01:01' },
  { name: 'ns/two', interface: 'net2', ips: ['172.16.3.70'] },
]);

function pod(overrides: Partial<Pod> = {}): Pod {
  const annotations = { [NETWORK_STATUS]: status };
  return plainPod({ namespace: 'ns', createdAt: CREATED, annotations, ...overrides });
}

const annotated = (annotations: Record<string, string>): Pod => pod({ annotations });

/** What ledgers say of the pod: `172.16.1.70` → its ENI. */
type Written = Readonly<Record<string, string>>;

function recordsOf(written: Written, releasing = false): RecordedAddress[] {
  return Object.entries(written).flatMap(([text, eniId]) => {
    const address = parseAddress(text);
    return address === undefined ? [] : [{ address, eniId, releasing }];
  });
}

function read(of: Pod, records: readonly RecordedAddress[] = []) {
  return claimsOf(of, { networks, recorded: new Map([[of.uid, records]]) });
}

const claims = (of: Pod, written: Written = {}) => read(of, recordsOf(written))?.claims;
const unreadable = (of: Pod) => read(of)?.unreadable.map((each) => each.annotation);

const net1 = {
  address: '172.16.1.70',
  network: 'ns/one',
  interface: 'net1',
  mac: '0a:00:00:00:01:01',
  master: 'eth1',
  floating: false,
  since: CREATED,
};
const net2 = {
  address: '172.16.3.70',
  network: 'ns/two',
  interface: 'net2',
  master: 'eth2',
  floating: false,
  since: CREATED,
};

describe('a pod', () => {
  test('claims the addresses of its attachments', () => {
    expect(read(pod({ terminating: true }))).toEqual({
      pod: { namespace: 'ns', name: 'app', uid: 'uid-app' },
      node: 'node-a',
      createdAt: CREATED,
      terminating: true,
      claims: [net1, net2],
      unreadable: [],
    });
  });

  test('without networks claims nothing yet', () => {
    expect(read(pod({ annotations: {} }))).toMatchObject({ claims: [] });
  });

  it.each<[string, Partial<Pod>]>([
    ['finished', { finished: true }],
    ['on the network of its host', { hostNetwork: true }],
    ['not bound to a node', { node: undefined }],
    ['a static one', { annotations: { [NETWORK_STATUS]: status, [MIRROR]: 'a1b2c3' } }],
    ['to be ignored', { annotations: { [NETWORK_STATUS]: status, [IGNORE]: 'true' } }],
  ])('that is %s never claims anything', (_, overrides) => {
    expect(read(pod(overrides))).toBeUndefined();
  });

  test('is only ignored if it says "true"', () => {
    const annotations = { [NETWORK_STATUS]: status, [IGNORE]: 'yes' };
    expect(claims(pod({ annotations }))).toHaveLength(2);
  });

  test('claims nothing by an ignored network, and what it is given by an unknown one', () => {
    const text = JSON.stringify([
      { name: 'ns/ignored', ips: ['10.9.0.1'] },
      { name: 'unknown', interface: 'net2', ips: ['10.9.0.2', 'fd00::2'] },
    ]);
    const unknown = { network: 'ns/unknown', interface: 'net2', floating: false, since: CREATED };
    expect(claims(pod({ annotations: { [NETWORK_STATUS]: text } }))).toEqual([
      { address: '10.9.0.2', ...unknown },
      { address: 'fd00::2', ...unknown },
    ]);
  });

  test('claims an address once, by the first attachment that has it, and says if others have it', () => {
    const text = JSON.stringify([
      { name: 'ns/one', interface: 'net1', ips: ['FD00::0070'] },
      { name: 'ns/two', interface: 'net2', ips: ['fd00::70', '172.16.3.70', '172.16.3.70'] },
    ]);
    const [both, one] = claims(pod({ annotations: { [NETWORK_STATUS]: text } })) ?? [];
    expect(both).toMatchObject({ address: 'fd00::70', interface: 'net1', several: true });
    expect(both).toMatchObject({ master: 'eth1' });
    expect(one).toEqual(net2);
  });
});

describe('a floating address', () => {
  test('is claimed since the time it names, or else since the pod was created', () => {
    const floating = JSON.stringify([{ ip: '172.16.1.75', since: SINCE }, '172.16.1.76']);
    expect(claims(pod({ annotations: { [FLOATING_IPS]: floating } }))).toEqual([
      { address: '172.16.1.75', floating: true, since: Date.parse(SINCE) },
      { address: '172.16.1.76', floating: true, since: CREATED },
    ]);
  });

  test('that is said to be claimed from a time in the future is as old as its pod', () => {
    const now = Date.parse(SINCE);
    const at = (ms: number) => ({ ip: '172.16.1.75', since: new Date(now + ms).toISOString() });
    const since = (ms: number): number | undefined => {
      const object = pod({ annotations: { [FLOATING_IPS]: JSON.stringify([at(ms)]) } });
      return claimsOf(object, { networks, now })?.claims[0]?.since;
    };
    expect(since(61_000)).toBe(CREATED);
    // Clocks differ.
    expect(since(1000)).toBe(now + 1000);
    expect(since(-1000)).toBe(now - 1000);
  });

  test('that an attachment has too is one claim and keeps what is known of the attachment', () => {
    const floating = JSON.stringify([{ ip: '172.16.1.70', since: SINCE }]);
    const annotations = { [NETWORK_STATUS]: status, [FLOATING_IPS]: floating };
    expect(claims(pod({ annotations }))).toEqual([
      { ...net1, floating: true, since: Date.parse(SINCE) },
      net2,
    ]);
  });
});

describe('a pod whose annotation cannot be read', () => {
  const recorded = { '172.16.1.70': 'eni-1', '172.16.1.75': 'eni-1' };
  const kept = { recordedOn: ['eni-1'], unreadable: true };

  test('claims what the ledgers say that it has in place of its attachments', () => {
    const broken = annotated({ [NETWORK_STATUS]: '[' });
    expect(claims(broken, recorded)).toEqual([
      { address: '172.16.1.70', floating: false, since: CREATED, ...kept },
      { address: '172.16.1.75', floating: false, since: CREATED, ...kept },
    ]);
    expect(unreadable(broken)).toEqual([NETWORK_STATUS]);
  });

  test('still claims its floating addresses', () => {
    const floating = JSON.stringify([{ ip: '172.16.1.75', since: SINCE }, '172.16.1.76']);
    const annotations = { [NETWORK_STATUS]: '[', [FLOATING_IPS]: floating };
    const since = Date.parse(SINCE);
    expect(claims(annotated(annotations), recorded)).toEqual([
      { address: '172.16.1.70', floating: false, since: CREATED, ...kept },
      { address: '172.16.1.75', floating: true, since, ...kept },
      { address: '172.16.1.76', floating: true, since: CREATED },
    ]);
  });

  test('keeps its attachments, and the rest of what was recorded as floating', () => {
    const broken = annotated({ [NETWORK_STATUS]: status, [FLOATING_IPS]: '7' });
    expect(claims(broken, recorded)).toEqual([
      { ...net1, recordedOn: ['eni-1'] },
      net2,
      { address: '172.16.1.75', floating: true, since: CREATED, ...kept },
    ]);
    expect(unreadable(broken)).toEqual([FLOATING_IPS]);
  });

  test('does not claim the recorded address of a network that is ignored by now', () => {
    const text = JSON.stringify([{ name: 'ns/ignored', ips: ['172.16.1.70'] }]);
    const broken = annotated({ [NETWORK_STATUS]: text, [FLOATING_IPS]: '7' });
    expect(claims(broken, recorded)).toMatchObject([{ address: '172.16.1.75' }]);
  });

  test('names both annotations if neither can be read', () => {
    const broken = annotated({ [NETWORK_STATUS]: '[', [FLOATING_IPS]: '7' });
    expect(claims(broken, recorded)).toMatchObject([
      { address: '172.16.1.70', floating: false },
      { address: '172.16.1.75', floating: false },
    ]);
    expect(unreadable(broken)).toEqual([NETWORK_STATUS, FLOATING_IPS]);
  });

  test('claims nothing if no ledger names it', () => {
    expect(claims(annotated({ [NETWORK_STATUS]: '[' }))).toEqual([]);
  });

  test('does not claim what it had last, of which a ledger has a tombstone', () => {
    const broken = annotated({ [NETWORK_STATUS]: '[' });
    expect(read(broken, recordsOf(recorded, true))?.claims).toEqual([]);
  });

  test('goes by no word of its condition, which tenants can write', () => {
    const message = 'assigned: 172.16.1.70 on eni-1';
    const condition = { status: 'True', reason: 'Assigned', message } as const;
    const annotations = { [NETWORK_STATUS]: '[' };
    expect(claims(pod({ annotations, condition }))).toEqual([]);
    expect(claims(pod({ condition }))).toEqual([net1, net2]);
  });
});

describe('a pod whose annotations together name more addresses than a pod may claim', () => {
  const many = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => `${prefix}.${index >> 8}.${index & 255}`);
  const both = (attached: number, floating: number) => ({
    [NETWORK_STATUS]: JSON.stringify([{ name: 'ns/one', ips: many(attached, '10.1') }]),
    [FLOATING_IPS]: JSON.stringify(many(floating, '10.2')),
  });
  const tooMany = { kind: 'too-many-addresses', detail: 'more than 1000 addresses' };

  test('claims what the ledgers say that it has, and is told', () => {
    const of = annotated(both(600, 401));
    expect(read(of, recordsOf({ '10.1.0.1': 'eni-1' }))).toMatchObject({
      claims: [{ address: '10.1.0.1', recordedOn: ['eni-1'], unreadable: true }],
      unreadable: [{ ...tooMany, annotation: FLOATING_IPS }],
    });
  });

  test('claims all of as many as it may', () => {
    expect(claims(annotated(both(600, 400)))).toHaveLength(1000);
  });

  test('claims no more of what ledgers say', () => {
    const written = Object.fromEntries(many(3000, '10.3').map((address) => [address, 'eni-1']));
    expect(claims(annotated({ [NETWORK_STATUS]: '[' }), written)).toHaveLength(1000);
    const full = annotated({ ...both(0, 1000), [NETWORK_STATUS]: '[' });
    expect(claims(full, written)).toHaveLength(1000);
  });
});

import { describe, expect, test } from 'vitest';
import {
  addressUnreserved,
  reservationDouble,
  reservationStale,
} from '../../../../cli/doctor/checks/reservations.ts';
import { readReservations } from '../../../../cli/doctor/reservations.ts';
import { NETWORK_STATUS } from '../../../../shared/cluster/annotations.ts';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { reservationsFrom } from '../../../../shared/cluster/reservations.ts';
import { ApiError } from '../../../../shared/cluster/transport.ts';
import { auditPools } from '../../../../shared/drift/pool-audit.ts';
import { ipPool } from '../../../support/ip-pool.ts';
import { plainPod } from '../../../support/plain-pod.ts';

const NOW = Date.UTC(2026, 0, 1);
const OLD = NOW - 3_600_000;

function pod(name: string, ips: readonly string[], more: Partial<Pod> = {}): Pod {
  const status = JSON.stringify([{ name: 'default/net', interface: 'net1', ips }]);
  const annotations = { [NETWORK_STATUS]: status };
  return plainPod({ name, uid: name, createdAt: OLD, sandboxSince: OLD, annotations, ...more });
}

const overlap = (name: string, podName: string) => ({
  metadata: { namespace: 'kube-system', name },
  spec: { podref: `default/${podName}` },
});
const listOf = (...items: object[]) => ({ metadata: {}, items });

function audit(pools: object[], overlaps: object[], pods: readonly Pod[]) {
  return auditPools(reservationsFrom(listOf(...pools), listOf(...overlaps)), pods, NOW);
}

const NOTHING = { stale: [], double: [], unreserved: [] };

describe('nothing is wrong', () => {
  test('if each pod has what is kept for it, once by its pool and once beside', () => {
    const pools = [
      ipPool('172.16.1.0/24', { 70: 'a', 71: 'b' }),
      ipPool('fd00::/64', { 255: 'a' }),
    ];
    const overlaps = [overlap('172.16.1.70', 'a'), overlap('fd00--ff', 'a')];
    const pods = [pod('a', ['172.16.1.70', 'fd00::ff']), pod('b', ['172.16.1.71'])];
    expect(audit(pools, overlaps, pods)).toEqual(NOTHING);
  });

  test('with pods that start or end', () => {
    const pods = [
      pod('starts', [], { sandboxSince: undefined }),
      pod('young', ['172.16.1.80'], { sandboxSince: NOW - 1_000 }),
      pod('ends', ['172.16.1.81'], { terminating: true }),
      pod('unreadable', [], { annotations: { [NETWORK_STATUS]: '{' } }),
    ];
    const pools = [ipPool('172.16.1.0/24', { 70: 'starts', 72: 'unreadable' })];
    expect(audit(pools, [], pods)).toEqual(NOTHING);
  });

  test('with addresses that lie in no range of whereabouts', () => {
    expect(audit([ipPool('172.16.1.0/24', {})], [], [pod('a', ['172.16.3.70'])])).toEqual(NOTHING);
  });
});

describe('a reservation is stale', () => {
  test.for([
    ['for a pod that is not there', [], 'which is not there'],
    [
      'for a pod that has ended',
      [pod('a', ['172.16.1.70'], { finished: true })],
      'which is not there',
    ],
    ['for a pod with another address', [pod('a', ['172.16.3.9'])], 'which has other addresses'],
  ] as const)('%s', ([, pods, why]) => {
    const { stale } = audit([ipPool('172.16.1.0/24', { 70: 'a' })], [], pods);
    expect(stale).toEqual([
      {
        address: '172.16.1.70',
        pod: 'default/a',
        by: 'IPPool kube-system/172.16.1.0-24',
        why,
      },
    ]);
  });

  test('also if no pool has it any more', () => {
    const { stale } = audit([], [overlap('fd00--46', 'a')], []);
    expect(stale).toMatchObject([
      { address: 'fd00::46', by: 'OverlappingRangeIPReservation kube-system/fd00--46' },
    ]);
  });
});

test('an address that two pools keep for two live pods is double', () => {
  const pools = [ipPool('172.16.1.0/24', { 70: 'a' }), ipPool('172.16.1.64/26', { 6: 'b' })];
  const pods = [pod('a', ['172.16.1.70']), pod('b', ['172.16.1.70'])];
  const { double, stale } = audit(pools, [], pods);
  expect(stale).toEqual([]);
  expect(double).toMatchObject([{ address: '172.16.1.70' }]);
  expect(audit(pools, [], pods.slice(0, 1)).double).toEqual([]);
});

test('an address that a pod chose in a range of whereabouts is kept for nobody', () => {
  const { unreserved } = audit([ipPool('172.16.1.0/24', {})], [], [pod('a', ['172.16.1.200'])]);
  expect(unreserved).toEqual([{ address: '172.16.1.200', pod: 'default/a' }]);
});

test('what is no address, or lies beyond the range, is passed over', () => {
  const pools = [ipPool('172.16.1.0/24', { 900: 'a', x: 'a' }), ipPool('nonsense', { 1: 'a' })];
  expect(audit(pools, [overlap('net-172.16.1.9.', 'a')], [])).toEqual(NOTHING);
});

test('doctor says where it is, and what keeps it', () => {
  const pools = audit(
    [ipPool('172.16.1.0/24', { 70: 'a', 71: 'gone' }), ipPool('172.16.1.64/26', { 6: 'b' })],
    [],
    [pod('a', ['172.16.1.70']), pod('b', ['172.16.1.70', '172.16.1.99'])],
  );
  const subject = { definitions: [], networks: new Map(), unreadable: [], pools, now: NOW };
  const texts = [reservationStale, reservationDouble, addressUnreserved].map((check) => {
    const found = check.find(subject);
    return 'unasked' in found ? found : found.map(({ text }) => text);
  });
  expect(texts).toEqual([
    ['IPPool kube-system/172.16.1.0-24 keeps 172.16.1.71 for pod default/gone, which is not there'],
    [
      '172.16.1.70 is kept for pod default/a by IPPool kube-system/172.16.1.0-24, for pod default/b by IPPool kube-system/172.16.1.64-26',
    ],
    ['pod default/b has 172.16.1.99, which lies in a range of whereabouts and is kept for nobody'],
  ]);
});

describe('reading what whereabouts keeps', () => {
  const refusing = (code: number) => ({
    read: async () => {
      throw new ApiError(code, 'GET', '{}');
    },
  });

  test('gives nothing if there is no whereabouts', async () => {
    let refused = 0;
    expect(await readReservations(refusing(404), () => refused++)).toBeUndefined();
    expect(refused).toBe(0);
  });

  test('tells where it may not', async () => {
    let refused = 0;
    expect(await readReservations(refusing(403), () => refused++)).toBeUndefined();
    expect(refused).toBe(1);
  });

  test('fails if the API server does', async () => {
    await expect(readReservations(refusing(500), () => {})).rejects.toThrow(ApiError);
  });
});

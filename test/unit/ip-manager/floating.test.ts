import { expect, test } from 'vitest';
import {
  floatingAnnotation,
  observe,
  type Presences,
  sinceByServer,
} from '../../../ip-manager/addresses/floating.ts';
import { type Address, parseAddress } from '../../../shared/address.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import type { Pod } from '../../../shared/cluster/kubernetes.ts';
import { podFromObject } from '../../../shared/cluster/pods.ts';

const NOON = Date.UTC(2026, 0, 31, 12);

function addresses(...texts: string[]): Address[] {
  return texts.flatMap((text) => parseAddress(text) ?? []);
}

function podWith(annotations: Record<string, string>) {
  return podFromObject({
    metadata: {
      namespace: 'default',
      name: 'active',
      uid: 'uid',
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations,
    },
    spec: { nodeName: 'worker' },
  });
}

const attached = (...ips: string[]) => ({
  [NETWORK_STATUS]: JSON.stringify([{ name: 'default/ipvlan-conf-1', interface: 'net1', ips }]),
});

const annotation = (pod: Pod, presences: Presences) =>
  floatingAnnotation(pod, presences, ({ since }) => since);

const start = (...texts: string[]): Presences => observe(addresses(...texts), NOON, undefined);

test('what network-status lists is not floating', () => {
  const pod = podWith(attached('172.16.1.70'));
  expect(annotation(pod, start('172.16.1.70'))).toBeNull();
});

test('what came later is, since it was seen', () => {
  const before = start('172.16.1.70');
  const then = observe(addresses('172.16.1.70', '172.16.1.90'), NOON + 1500, before);
  const later = observe(addresses('172.16.1.70', '172.16.1.90'), NOON + 9000, then);
  expect(JSON.parse(annotation(podWith(attached('172.16.1.70')), later) ?? '')).toEqual([
    { ip: '172.16.1.90', since: '2026-01-31T12:00:01.500Z' },
  ]);
});

test('what went and came back is claimed anew', () => {
  const there = observe(addresses('172.16.1.90'), NOON, start());
  const back = observe(addresses('172.16.1.90'), NOON + 5000, observe([], NOON + 1000, there));
  const published = JSON.stringify([{ ip: '172.16.1.90', since: '2026-01-31T12:00:00.000Z' }]);
  expect(annotation(podWith({ [FLOATING_IPS]: published }), back)).toContain('12:00:05');
});

test('a restart of the sidecar does not make a claim the newer one', () => {
  const published = JSON.stringify([{ ip: '172.16.1.90', since: '2026-01-30T08:00:00.000Z' }]);
  const pod = podWith({ ...attached(), [FLOATING_IPS]: published });
  expect(annotation(pod, start('172.16.1.90'))).toBe(published);
  expect(annotation(pod, start('172.16.1.90', '172.16.1.91'))).toContain('2026-01-31T12');
});

test('an annotation that cannot be read is written anew', () => {
  const pod = podWith({ [FLOATING_IPS]: 'not JSON' });
  expect(annotation(pod, start('172.16.1.90'))).toContain('172.16.1.90');
});

test('nothing is known to be floating while network-status cannot be read', () => {
  const pod = podWith({ [NETWORK_STATUS]: 'not JSON' });
  expect(annotation(pod, start('172.16.1.90'))).toBeUndefined();
});

test('since when it is there is told by the API server’s clock, and stays so', () => {
  const sinceOf = sinceByServer();
  const presence = { since: NOON, fromStart: false };
  expect(sinceOf(presence, -60_000)).toBe(NOON - 60_000);
  expect(sinceOf(presence, 0)).toBe(NOON - 60_000);
  expect(sinceOf({ since: NOON, fromStart: false }, 0)).toBe(NOON);
});

import { expect, test } from 'vitest';
import { createHostLocal } from '../../../sandbox/kubernetes/nodes/ipam/host-local.ts';
import type { IpamRequest } from '../../../sandbox/kubernetes/nodes/ipam/ipam.ts';
import { createStatic } from '../../../sandbox/kubernetes/nodes/ipam/static.ts';
import { createWhereabouts } from '../../../sandbox/kubernetes/nodes/ipam/whereabouts.ts';

const GUIDE = {
  subnet: '172.16.1.0/24',
  rangeStart: '172.16.1.70',
  rangeEnd: '172.16.1.72',
  gateway: '172.16.1.1',
};

const ask = (ipam: object, container: string, more: Partial<IpamRequest> = {}): IpamRequest => ({
  ipam,
  network: 'net',
  node: 'n1',
  container,
  pod: `default/${container}`,
  interface: 'net1',
  requested: [],
  ...more,
});

test('host-local goes round: a released address is the last to be given out again', () => {
  const ipam = createHostLocal();
  expect(ipam.allocate(ask(GUIDE, 'a'))).toEqual(['172.16.1.70']);
  ipam.release('n1', 'a');
  expect(ipam.allocate(ask(GUIDE, 'b'))).toEqual(['172.16.1.71']);
  expect(ipam.allocate(ask(GUIDE, 'c'))).toEqual(['172.16.1.72']);
  expect(ipam.allocate(ask(GUIDE, 'd'))).toEqual(['172.16.1.70']);
  expect(() => ipam.allocate(ask(GUIDE, 'e'))).toThrow(
    'no IP addresses available in range set: 172.16.1.70-172.16.1.72',
  );
});

test('host-local gives out the same address on two nodes', () => {
  const ipam = createHostLocal();
  expect(ipam.allocate(ask(GUIDE, 'a'))).toEqual(['172.16.1.70']);
  expect(ipam.allocate(ask(GUIDE, 'b', { node: 'n2' }))).toEqual(['172.16.1.70']);
});

test('host-local without bounds leaves out network, gateway and broadcast address', () => {
  const ipam = createHostLocal();
  const given = ['a', 'b', 'c', 'd', 'e'].map((container) =>
    ipam.allocate(ask({ subnet: '10.9.0.0/29' }, container)),
  );
  expect(given.flat()).toEqual(['10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6']);
  expect(() => ipam.allocate(ask({ subnet: '10.9.0.0/29' }, 'f'))).toThrow('no IP addresses');
});

test('host-local gives one address of each range set, and goes on in the next range of a set', () => {
  const ipam = createHostLocal();
  const ranges = [
    [
      { subnet: '10.9.0.0/24', rangeStart: '10.9.0.5', rangeEnd: '10.9.0.5' },
      { subnet: '10.9.1.0/24', rangeStart: '10.9.1.5', rangeEnd: '10.9.1.5' },
    ],
    [{ subnet: '2001:db8::/64' }],
  ];
  expect(ipam.allocate(ask({ ranges }, 'a'))).toEqual(['10.9.0.5', '2001:db8::2']);
  expect(ipam.allocate(ask({ ranges }, 'b'))).toEqual(['10.9.1.5', '2001:db8::3']);
  ipam.release('n1', 'a');
  expect(ipam.allocate(ask({ ranges }, 'c'))).toEqual(['10.9.0.5', '2001:db8::4']);
});

test('host-local gives the address that is asked for, unless it is taken', () => {
  const ipam = createHostLocal();
  const requested = ['172.16.1.72/24'];
  expect(ipam.allocate(ask(GUIDE, 'a', { requested }))).toEqual(['172.16.1.72']);
  expect(() => ipam.allocate(ask(GUIDE, 'b', { requested }))).toThrow(
    '172.16.1.72 is not available',
  );
});

test('whereabouts gives the lowest free address, whichever node asks', () => {
  const ipam = createWhereabouts();
  const range = { range: '172.16.1.0/24', range_start: '172.16.1.70', range_end: '172.16.1.71' };
  expect(ipam.allocate(ask(range, 'a'))).toEqual(['172.16.1.70']);
  expect(ipam.allocate(ask(range, 'b', { node: 'n2' }))).toEqual(['172.16.1.71']);
  expect(() => ipam.allocate(ask(range, 'c'))).toThrow('Could not allocate IP in range');
  ipam.release('n1', 'a');
  expect(ipam.allocate(ask(range, 'd'))).toEqual(['172.16.1.70']);
});

test.each([
  [{ range: '10.9.0.8/29' }, '10.9.0.9'],
  [{ range: '10.9.0.200-10.9.0.210/24' }, '10.9.0.200'],
  [{ range: '10.9.0.0/24', exclude: ['10.9.0.0/30', '10.9.0.4'] }, '10.9.0.5'],
  [{ ipRanges: [{ range: '10.9.0.0/24' }, { range: '2001:db8::/64' }] }, '10.9.0.1 2001:db8::1'],
])('whereabouts reads %j', (config, expected) => {
  expect(createWhereabouts().allocate(ask(config, 'a')).join(' ')).toBe(expected);
});

test('whereabouts gives a pod that comes back under its name the address that it had', () => {
  const ipam = createWhereabouts();
  const range = { range: '10.9.0.0/24' };
  ipam.allocate(ask(range, 'other'));
  const [address] = ipam.allocate(ask(range, 'first', { pod: 'default/db-0' }));
  expect(ipam.allocate(ask(range, 'second', { pod: 'default/db-0' }))).toEqual([address]);
  ipam.release('n1', 'first');
  expect(ipam.allocate(ask(range, 'third'))).toEqual(['10.9.0.3']);
});

test('two whereabouts ranges that overlap never give out one address twice', () => {
  const ipam = createWhereabouts();
  expect(ipam.allocate(ask({ range: '10.9.0.0/24' }, 'a'))).toEqual(['10.9.0.1']);
  expect(ipam.allocate(ask({ range: '10.9.0.0/25' }, 'b'))).toEqual(['10.9.0.2']);
  const apart = { range: '10.9.0.0/24', network_name: 'other' };
  expect(ipam.allocate(ask(apart, 'c'))).toEqual(['10.9.0.1']);
});

test('static gives what is configured, or what the pod asks for, to anyone', () => {
  const ipam = createStatic();
  const config = { addresses: [{ address: '172.16.1.90/24', gateway: '172.16.1.1' }] };
  expect(ipam.allocate(ask(config, 'a'))).toEqual(['172.16.1.90']);
  expect(ipam.allocate(ask(config, 'b'))).toEqual(['172.16.1.90']);
  expect(ipam.allocate(ask({}, 'c', { requested: ['172.16.1.91/24'] }))).toEqual(['172.16.1.91']);
  expect(() => ipam.allocate(ask({}, 'd'))).toThrow('no address');
  expect(() => ipam.allocate(ask({}, 'e', { requested: ['172.16.1.91'] }))).toThrow('CIDR');
});

import { expect, test } from 'vitest';
import {
  fromIpAddress,
  fromNetworkInterfaces,
} from '../../../ip-manager/addresses/pod-addresses.ts';

const at = (address: string, mac = '02:9B:07:FB:2E:71', internal = false) => ({
  address,
  mac,
  internal,
});

const net1 = { interface: 'net1', mac: '02:9b:07:fb:2e:71' };

test('the global addresses of all interfaces but eth0 and lo are the pod’s', () => {
  const addresses = fromNetworkInterfaces({
    lo: [at('127.0.0.1', '', true), at('::1', '', true)],
    eth0: [at('10.0.0.5')],
    net1: [at('172.16.1.74'), at('2600:1F18:1111:1::70'), at('fe80::9b:7ff'), at('169.254.1.1')],
    net2: undefined,
  });
  expect(addresses).toEqual([
    { address: '172.16.1.74', ...net1 },
    { address: '2600:1f18:1111:1::70', ...net1 },
  ]);
});

test('an address with a label of its own is its interface’s', () => {
  const addresses = fromNetworkInterfaces({
    'eth0:1': [at('10.0.0.6')],
    'net1:vip': [at('172.16.1.90')],
  });
  expect(addresses).toEqual([{ address: '172.16.1.90', ...net1 }]);
});

test('ip -j address tells the same', () => {
  const output = JSON.stringify([
    { ifname: 'lo', addr_info: [{ local: '127.0.0.1', scope: 'host' }] },
    { ifname: 'eth0', address: net1.mac, addr_info: [{ local: '10.0.0.5', scope: 'global' }] },
    {
      ifname: 'net1',
      address: net1.mac,
      addr_info: [
        { family: 'inet', local: '172.16.1.74', prefixlen: 24, scope: 'global' },
        { family: 'inet', local: '172.16.1.75', prefixlen: 24, scope: 'host' },
        { family: 'inet6', local: 'fe80::9b:7ff', prefixlen: 64, scope: 'link' },
      ],
    },
    // Older releases leave such a gap for every interface that was not asked for.
    {},
  ]);
  expect(fromIpAddress(output)).toEqual([{ address: '172.16.1.74', ...net1 }]);
});

test('what is no output of ip is an error that says so', () => {
  expect(() => fromIpAddress('1: lo: <LOOPBACK>')).toThrow('ip -j address: not JSON');
});

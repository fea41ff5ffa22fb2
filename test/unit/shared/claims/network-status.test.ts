import { describe, expect, it, test } from 'vitest';
import { parseNetworkStatus } from '../../../../shared/claims/network-status.ts';
import { NETWORK_STATUS, NETWORKS_STATUS } from '../../../../shared/cluster/annotations.ts';

const asMultusWritesIt = JSON.stringify(
  [
    {
      name: 'aws-cni',
      interface: 'dummy9e2a1b7c3d4',
      ips: ['172.16.0.21'],
      mac: '0',
      default: true,
      dns: {},
    },
    {
      name: 'default/ipvlan-conf-1',
      interface: 'net1',
      ips: ['172.16.1.70'],
      mac: '0A:00:00:00:01:01',
      dns: {},
      gateway: ['172.16.1.1'],
    },
    {
      name: 'ipvlan-conf-2',
      interface: 'net2',
      ips: ['172.16.3.70', '2001:DB8:0:3::70'],
      mac: '0a:00:00:00:01:02',
      dns: {},
    },
  ],
  null,
  4,
);

function attachments(text: string, annotation = NETWORK_STATUS) {
  const parsed = parseNetworkStatus({ [annotation]: text }, 'apps');
  return parsed.ok ? parsed.attachments : parsed.unreadable;
}

function problem(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const parsed = parseNetworkStatus({ [NETWORK_STATUS]: text }, 'apps');
  return parsed.ok ? 'no problem' : parsed.unreadable.detail;
}

describe('network-status', () => {
  test('gives every attachment but the default one', () => {
    expect(attachments(asMultusWritesIt)).toEqual([
      {
        network: 'default/ipvlan-conf-1',
        interface: 'net1',
        ips: ['172.16.1.70'],
        mac: '0a:00:00:00:01:01',
      },
      {
        network: 'apps/ipvlan-conf-2',
        interface: 'net2',
        ips: ['172.16.3.70', '2001:db8:0:3::70'],
        mac: '0a:00:00:00:01:02',
      },
    ]);
  });

  test('is also read under its older name', () => {
    expect(attachments(asMultusWritesIt, NETWORKS_STATUS)).toHaveLength(2);
  });

  test('under its newer name counts, also when Multus has emptied it', () => {
    const both = { [NETWORK_STATUS]: '', [NETWORKS_STATUS]: asMultusWritesIt };
    expect(parseNetworkStatus(both, 'apps')).toEqual({ ok: true, attachments: [], emptied: true });
  });

  it.each(['', ' \n', '""', '[]', 'null', '[{"name":"aws-cni","default":true}]'])(
    '%j holds no attachments',
    (text) => {
      expect(attachments(text)).toEqual([]);
    },
  );

  test('that is absent holds no attachments', () => {
    expect(parseNetworkStatus({}, 'apps')).toEqual({ ok: true, attachments: [], emptied: false });
  });

  it.each([{ ips: null }, {}, { ips: [] }])(
    'may have an attachment without addresses: %j',
    (rest) => {
      expect(attachments(JSON.stringify([{ name: 'ns/bridge', mac: '', ...rest }]))).toEqual([
        { network: 'ns/bridge', ips: [] },
      ]);
    },
  );

  test('may give addresses with a prefix length', () => {
    expect(attachments('[{"name":"ns/a","ips":["172.16.1.70/24"]}]')).toEqual([
      { network: 'ns/a', ips: ['172.16.1.70'] },
    ]);
  });

  it.each([
    ['{"name":"ns/a"', /^not JSON: /],
    [{}, /^Invalid input: expected array/],
    ['"172.16.1.70"', /expected array/],
    [
      [{ name: 'ns/a' }, { name: 'ns/b' }, { name: 'ns/c', ips: ['172.16.1.999'] }],
      /^\[2\]\.ips\[0\]: "172\.16\.1\.999" is not an address$/,
    ],
    [[null], /^\[0\]: /],
    [[{ ips: ['172.16.1.70'] }], /^\[0\]\.name: /],
    [[{ name: '', ips: [] }], /^\[0\]\.name: /],
    [[{ name: 'ns/a', ips: '172.16.1.70' }], /^\[0\]\.ips: /],
    [[{ name: 'ns/a', ips: [17] }], /^\[0\]\.ips\[0\]: /],
    [[{ name: 'ns/a', mac: 'not-a-mac' }], /^\[0\]\.mac: not a MAC address/],
    [[{ name: 'x'.repeat(508) }], /^\[0\]\.name: /],
  ])('%j cannot be read, and the detail says where', (value, detail) => {
    expect(problem(value)).toMatch(detail);
  });

  test('with one wrong entry is unreadable as a whole and names the annotation', () => {
    const text = '[{"name":"ns/a","ips":["172.16.1.70"]},{"name":"ns/b","ips":["x"]}]';
    expect(attachments(text, NETWORKS_STATUS)).toEqual({
      kind: 'unreadable-annotation',
      annotation: NETWORKS_STATUS,
      detail: '[1].ips[0]: "x" is not an address',
    });
  });

  test('of a wrong default entry does not matter', () => {
    expect(attachments('[{"default":true,"ips":7}]')).toEqual([]);
  });

  test('of any size is refused with a short detail', () => {
    expect(problem('x'.repeat(262_145))).toMatch(/^longer than 262144 characters/);
    expect(problem(Array(2_001).fill(0))).toBe('more than 2000 entries');
    expect(problem([{ name: 'ns/a', ips: ['9'.repeat(1_000_000)] }]).length).toBeLessThan(200);
    expect(problem('['.repeat(1_000_000)).length).toBeLessThan(200);
  });

  test.each([
    ['one attachment', [{ name: 'ns/a', ips: Array(1001).fill('::1') }]],
    ['many attachments', Array(1001).fill({ name: 'ns/a', ips: ['::1'] })],
  ])('with too many addresses of %s is refused', (_, value) => {
    expect(attachments(JSON.stringify(value))).toEqual({
      kind: 'too-many-addresses',
      annotation: NETWORK_STATUS,
      detail: 'more than 1000 addresses',
    });
  });

  test('cannot reach the prototype of objects', () => {
    const text = '[{"__proto__":{"ips":["172.16.1.70"],"polluted":true},"name":"__proto__"}]';
    expect(attachments(text)).toEqual([{ network: 'apps/__proto__', ips: [] }]);
    expect({}).not.toHaveProperty('polluted');
  });
});

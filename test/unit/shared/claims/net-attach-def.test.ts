import { describe, expect, it, test } from 'vitest';
import { parseNetwork, parseNetworks } from '../../../../shared/claims/net-attach-def.ts';
import { definition, parsed, problem, texts } from './networks.ts';

describe('a NetworkAttachmentDefinition', () => {
  test('of the guide gives its name, plugin, master and range', () => {
    const network = parsed(`{
      "cniVersion": "0.3.0",
      "type": "ipvlan",
      "master": "eth1",
      "mode": "l3",
      "ipam": {
        "type": "host-local",
        "subnet": "172.16.1.0/24",
        "rangeStart": "172.16.1.70",
        "rangeEnd": "172.16.1.80",
        "gateway": "172.16.1.1"
      }
    }`);
    expect({ ...network, ranges: texts(network.ranges) }).toEqual({
      network: 'default/ipvlan-conf-1',
      type: 'ipvlan',
      master: 'eth1',
      ignored: false,
      ranges: ['172.16.1.70-172.16.1.80'],
    });
  });

  test('may be a list of plugins, whose first makes the interface', () => {
    const network = parsed({
      cniVersion: '1.0.0',
      name: 'chained',
      plugins: [
        { type: 'ipvlan', master: 'eth2', ipam: { type: 'host-local', subnet: '10.0.0.0/29' } },
        { type: 'tuning', sysctl: { 'net.core.somaxconn': '500' } },
      ],
    });
    expect(network).toMatchObject({ type: 'ipvlan', master: 'eth2' });
    expect(texts(network.ranges)).toEqual(['10.0.0.2-10.0.0.6']);
  });

  it.each([
    [undefined],
    [''],
    [{}],
    [{ type: 'bridge' }],
    [{ type: 'bridge', ipam: null }],
    [{ type: 'bridge', ipam: {} }],
    [{ type: 'macvlan', master: 'eth1', ipam: { type: 'dhcp' } }],
    [{ type: 'macvlan', ipam: { type: 'toString', range: 'x' } }],
    [{ type: 'ipvlan', ipam: { type: 'whereabouts', configuration_path: '/etc/w.conf' } }],
    [{ type: 'ipvlan', ipam: { type: 'static' } }],
    [{ type: 'ipvlan', ipam: { type: 'host-local', ranges: [] } }],
  ])('gives out nothing that we know of: %j', (config) => {
    expect(parsed(config)).toMatchObject({ ignored: false, ranges: [] });
  });

  test('that is to be ignored has no ranges, whatever its configuration', () => {
    const annotations = { 'multus-eni.dev/ignore': 'true', 'multus-eni.dev/ranges': 'x' };
    expect(parsed('not json', annotations)).toEqual({
      network: 'default/ipvlan-conf-1',
      ignored: true,
      ranges: [],
    });
    expect(parsed({ type: 'ipvlan' }, { 'multus-eni.dev/ignore': 'false' }).ignored).toBe(false);
  });

  it.each([
    '172.16.1.0/28, 172.16.3.70-172.16.3.80',
    '["172.16.1.0/28", "172.16.3.70-172.16.3.80"]',
  ])('has ranges added by annotation: %s', (list) => {
    const config = {
      type: 'ipvlan',
      ipam: { type: 'static', addresses: [{ address: '10.0.0.9/24' }] },
    };
    expect(texts(parsed(config, { 'multus-eni.dev/ranges': list }).ranges)).toEqual([
      '10.0.0.9-10.0.0.9',
      '172.16.1.0-172.16.1.15',
      '172.16.3.70-172.16.3.80',
    ]);
    expect(parsed(undefined, { 'multus-eni.dev/ranges': list }).ranges).toHaveLength(2);
  });

  it.each([
    ['{"type":', /^spec\.config: not JSON/],
    ['[]', /^spec\.config: /],
    [{ type: 7 }, /^spec\.config: type: /],
    [{ plugins: [] }, /^spec\.config: plugins: an empty list$/],
    [{ plugins: [{ type: 'ipvlan', master: ['eth1'] }] }, /^spec\.config: plugins\[0\]\.master: /],
    [{ type: 'ipvlan', ipam: 'host-local' }, /^spec\.config: ipam: /],
    [{ type: 'ipvlan', ipam: { type: 7 } }, /^spec\.config: ipam\.type: /],
    [
      { plugins: [{}, { ipam: { type: 'host-local', ranges: [[{ subnet: '10.0.0.0/33' }]] } }] },
      /^spec\.config: plugins\[1\]\.ipam\.ranges\[0\]\[0\]\.subnet: "10\.0\.0\.0\/33" is not a CIDR block$/,
    ],
  ])('%j cannot be read, and the detail says where', (config, detail) => {
    expect(problem(config)).toMatch(detail);
  });

  test('that is too long cannot be read', () => {
    expect(problem('x'.repeat(262_145))).toMatch(/^spec\.config: longer than 262144 /);
  });

  test.each([7, true, [], { type: 'ipvlan' }])(
    'whose configuration is no text cannot be read: %j',
    (config) => {
      const read = parseNetwork({ ...definition(), config });
      expect(read).toMatchObject({ ok: false, unreadable: { detail: 'spec.config: not text' } });
    },
  );

  test('with wrong ranges in its annotation cannot be read', () => {
    expect(problem({ type: 'ipvlan' }, { 'multus-eni.dev/ranges': '10.0.0.0/99' })).toMatch(
      /^annotation multus-eni\.dev\/ranges: \[0\]: "10\.0\.0\.0\/99" is not a CIDR block/,
    );
  });

  test('that cannot be read leaves the others as they are', () => {
    const good = { ...definition({ type: 'ipvlan', master: 'eth1' }), name: 'good' };
    const { networks, unreadable } = parseNetworks([definition('{'), good]);
    expect([...networks.keys()]).toEqual(['default/good']);
    expect(unreadable).toEqual([
      {
        network: { namespace: 'default', name: 'ipvlan-conf-1', uid: 'n1' },
        detail: expect.stringMatching(/^spec\.config: not JSON/),
      },
    ]);
  });
});

import { describe, expect, it, test } from 'vitest';
import { missedNetworks, parseAskedNetworks } from '../../../../shared/claims/missed-networks.ts';
import { NETWORKS } from '../../../../shared/cluster/annotations.ts';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { plainPod } from '../../../support/plain-pod.ts';

const SINCE = Date.UTC(2026, 0, 1);

function asked(text: string) {
  const read = parseAskedNetworks(text, 'home');
  return read.ok ? read.value : read.detail;
}

describe('what a pod asks for', () => {
  it.each([
    ['', []],
    ['net-1', ['home/net-1']],
    ['net-1, other/net-2@eth5 ,net-1', ['home/net-1', 'other/net-2', 'home/net-1']],
    ['[]', []],
    [
      '[{"name":"net-1","ips":["172.16.1.70/24"]},{"name":"net-2","namespace":"other"}]',
      ['home/net-1', 'other/net-2'],
    ],
    ['[{"name":"net-1","namespace":""}]', ['home/net-1']],
  ])('%j is %j', (text, networks) => {
    expect(asked(text)).toEqual(networks);
  });

  it.each([
    ['[{"name":', /not JSON/],
    ['{"name":"net-1"}', /expected array/],
    ['[{"name":"../secret"}]', /not the name/],
    ['Net_1', /not the name/],
    ['a/b/c', /not the name/],
    [Array.from({ length: 1_001 }, () => 'net-1').join(','), /more than 1000/],
  ])('%s cannot be read', (text, why) => {
    expect(asked(text)).toMatch(why);
  });
});

function podAsking(text: string, sandboxSince: number | undefined = SINCE): Pod {
  const annotations = { [NETWORKS]: text };
  return plainPod({ namespace: 'home', createdAt: SINCE, annotations, sandboxSince });
}
const attached = (...networks: string[]) => networks.map((network) => ({ network, ips: [] }));

describe('a pod runs without', () => {
  test('what it asked for and was not attached', () => {
    expect(missedNetworks(podAsking('net-1,net-2'), attached('home/net-1'))).toEqual({
      kind: 'not-attached',
      networks: ['home/net-2'],
      since: SINCE,
    });
  });

  test('the second of two attachments of one network', () => {
    const missed = missedNetworks(podAsking('net-1,net-1'), attached('home/net-1'));
    expect(missed?.networks).toEqual(['home/net-1']);
  });

  test('nothing, if all is attached', () => {
    expect(missedNetworks(podAsking('net-1'), attached('home/net-1'))).toBeUndefined();
  });

  test('nothing that is known, before its sandbox is ready', () => {
    const { sandboxSince: _, ...starting } = podAsking('net-1');
    expect(missedNetworks(starting, [])).toBeUndefined();
  });
});

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { claimsOf } from '../../../../shared/claims/pod-claims.ts';
import { FLOATING_IPS, NETWORK_STATUS, NETWORKS } from '../../../../shared/cluster/annotations.ts';
import type { NetworkAttachmentDefinition } from '../../../../shared/cluster/kubernetes.ts';
import { networksFor } from '../../../../shared/state/networks.ts';
import { plainPod } from '../../../support/plain-pod.ts';

/** Each gives out one address; all but the first were left unread by the list. */
const ALL = ['read', 'asked', 'attached', 'advertised', 'other'].map((name, nth) => ({
  ...{ namespace: 'net', name, uid: name, annotations: {} },
  ...(name === 'advertised' ? { advertised: true as const } : {}),
  config: JSON.stringify({
    ipam: { type: 'static', addresses: [{ address: `10.0.0.${nth + 1}/24` }] },
  }),
}));

function listed(): NetworkAttachmentDefinition[] {
  return ALL.map(({ config, ...each }) =>
    each.name === 'read' ? { ...each, config } : { ...each, unread: true },
  );
}

async function namesFor(
  annotations: Readonly<Record<string, string>>,
  wanted?: Parameters<typeof networksFor>[3],
) {
  const reads: string[][] = [];
  const kubernetes = {
    async readNetworkAttachmentDefinitions(unread: readonly NetworkAttachmentDefinition[]) {
      reads.push(unread.map(({ name }) => name));
      return ALL.filter(({ uid }) => unread.some((each) => each.uid === uid));
    },
  };
  const { byName } = await networksFor(
    { kubernetes },
    listed(),
    [plainPod({ annotations })],
    wanted,
  );
  return { reads: reads.flat(), known: [...byName.keys()].map((name) => name.slice(4)).toSorted() };
}

describe('of the definitions that a list left unread', () => {
  test('those that a pod asks for or has are read', async () => {
    const attached = [{ name: 'net/attached', interface: 'net1', ips: ['10.0.0.3'] }];
    const annotations = {
      [NETWORKS]: 'net/asked',
      [NETWORK_STATUS]: JSON.stringify(attached),
    };
    expect(await namesFor(annotations)).toEqual({
      reads: ['asked', 'attached'],
      known: ['asked', 'attached', 'read'],
    });
  });

  test('none is, for pods that name none of them', async () => {
    const annotations = { [NETWORKS]: 'net/read', [FLOATING_IPS]: '["10.0.0.1"]' };
    expect(await namesFor(annotations)).toEqual({ reads: [], known: ['read'] });
  });

  test('all are, for a floating address that is in no range of the others', async () => {
    const { known } = await namesFor({ [FLOATING_IPS]: '["10.0.0.5"]' });
    expect(known).toEqual(['advertised', 'asked', 'attached', 'other', 'read']);
  });

  test('the advertised ones are where room is advertised', async () => {
    expect(await namesFor({}, { advertised: true })).toEqual({
      reads: ['advertised'],
      known: ['advertised', 'read'],
    });
  });
});

test('what a pod writes into its annotations is read once, for its networks and for what it claims', async () => {
  const parse = vi.spyOn(JSON, 'parse');
  onTestFinished(() => parse.mockRestore());
  const annotations = {
    [NETWORKS]: '[{"name":"asked","namespace":"net"}]',
    [NETWORK_STATUS]: '[{"name":"net/attached","interface":"net1","ips":["10.0.0.3"]}]',
    [FLOATING_IPS]: '["10.9.9.9"]',
  };
  const pods = [plainPod({ annotations, sandboxSince: 0 })];
  const kubernetes = { readNetworkAttachmentDefinitions: async () => [] };
  // One definition stays unread, so that floating addresses are looked at.
  const definitions = listed();
  const { byName } = await networksFor({ kubernetes }, definitions, pods);
  for (const pod of pods) claimsOf(pod, { networks: byName });
  const timesRead = Object.values(annotations).map(
    (text) => parse.mock.calls.filter(([given]) => given === text).length,
  );
  expect(timesRead).toEqual([1, 1, 1]);
});

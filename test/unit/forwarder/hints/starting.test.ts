import { describe, expect, test } from 'vitest';
import { createPodIndex } from '../../../../forwarder/hints/pod-index.ts';
import { withStarting } from '../../../../forwarder/hints/starting.ts';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { IGNORE, NETWORK_STATUS, NETWORKS } from '../../../../shared/cluster/annotations.ts';
import type { Pod } from '../../../../shared/cluster/kubernetes.ts';
import { claimingPod, networkStatusText } from '../pods.ts';

const ASKING = claimingPod([], { annotations: { [NETWORKS]: 'default/net-1' } });

function startsWith(...pods: readonly Pod[]): boolean {
  const starting = withStarting(createPodIndex(virtualClock()));
  for (const pod of pods) starting.put(pod);
  return starting.starts('a');
}

describe('a node has a pod that starts', () => {
  test('from when it is bound until Multus has attached it', () => {
    const attached = {
      ...ASKING.annotations,
      [NETWORK_STATUS]: networkStatusText(['172.16.1.70']),
    };
    expect(startsWith({ ...ASKING, node: undefined })).toBe(false);
    expect(startsWith(ASKING)).toBe(true);
    expect(startsWith(ASKING, { ...ASKING, annotations: attached })).toBe(false);
  });

  test.each([
    ['asks for no network', { annotations: {} }],
    ['is to be ignored', { annotations: { ...ASKING.annotations, [IGNORE]: 'true' } }],
    ['is on the host’s network', { hostNetwork: true }],
    ['terminates', { terminating: true }],
    ['has ended', { finished: true }],
    ['has a sandbox that was made without Multus', { sandboxSince: 1 }],
  ] as const)('but none that %s', (_, change) => {
    expect(startsWith({ ...ASKING, ...change })).toBe(false);
  });

  test('until it is gone, or is not in a complete list', () => {
    const starting = withStarting(createPodIndex(virtualClock()));
    starting.put(ASKING);
    starting.put({ ...ASKING, name: 'p2', uid: 'p2' });
    starting.remove(ASKING);
    expect(starting.starts('a')).toBe(true);
    starting.retain(new Set(['p3']));
    expect(starting.starts('a')).toBe(false);
  });
});

import { expect, test } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { readStranded } from '../../../../shared/apply/stranded.ts';
import { NETWORK_STATUS } from '../../../../shared/cluster/annotations.ts';
import { networksOf } from '../../../../shared/state/networks.ts';
import { plainPod } from '../../../support/plain-pod.ts';
import { address } from '../plan/fixtures.ts';

const X = '172.16.1.70';

/** The pods that may hold X on an ENI of `i-a`. Node `a` names an instance by now. */
async function heldBy(instanceId: string | undefined): Promise<string[]> {
  const annotations = { [NETWORK_STATUS]: JSON.stringify([{ name: 'net', ips: [X] }]) };
  const held = await readStranded(
    {
      clock: virtualClock(0),
      kubernetes: {
        getNode: async (name) => ({ name, uid: `uid-${name}`, instanceId }),
        listPods: async ({ node }) => [plainPod({ node, annotations })],
      },
    },
    [],
    new Set(['i-a']),
    {
      addresses: new Set([address(X)]),
      recorded: new Map(),
      nodes: ['a'],
      networks: networksOf({}, []),
    },
  );
  return held.map(({ node }) => node);
}

test('a Node that came back as another instance holds nothing on the ENI', async () => {
  expect(await heldBy('i-b')).toEqual([]);
});

test('a Node that came back as the instance of the ENI holds what its pods claim', async () => {
  expect(await heldBy('i-a')).toEqual(['a']);
});

test('so does a Node that names no instance yet', async () => {
  expect(await heldBy(undefined)).toEqual(['a']);
});

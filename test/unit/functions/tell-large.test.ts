import { expect, it } from 'vitest';
import { tellLarge } from '../../../functions/sweep/tell-large.ts';
import type { NetworkAttachmentDefinition, Pod } from '../../../shared/cluster/kubernetes.ts';
import { startActBed } from '../shared/apply/bed.ts';

const MEBI = 1024 * 1024;

function pods(namespace: string, count: number): Pod[] {
  return Array.from({ length: count }, (_, index) => ({
    ...{ namespace, name: `pod-${index}`, uid: `${namespace}-${index}`, createdAt: 0 },
    ...{ terminating: false, finished: false, hostNetwork: false, gated: false, annotations: {} },
    large: MEBI,
  }));
}

function definitions(namespace: string, count: number): NetworkAttachmentDefinition[] {
  return pods(namespace, count).map(({ name, uid }) => {
    return { namespace, name, uid, annotations: {}, large: MEBI };
  });
}

it('the operator hears whose objects are the largest', async () => {
  const { access, telemetry } = await startActBed();
  const listing = { pods: [...pods('a', 2), ...pods('b', 5)], definitions: definitions('b', 20) };
  expect(tellLarge(access, listing)).toBe(27);
  expect(telemetry.lines).toMatchObject([
    {
      level: 'warn',
      detail: {
        mebi: 27,
        namespaces: [
          { namespace: 'b', objects: 25, mebi: 25 },
          { namespace: 'a', objects: 2, mebi: 2 },
        ],
      },
    },
  ]);
});

it('a few large objects are nobody’s trouble', async () => {
  const { access, telemetry } = await startActBed();
  expect(tellLarge(access, { pods: pods('a', 15), definitions: [] })).toBe(0);
  expect(telemetry.lines).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { networkFromObject } from '../../../../shared/cluster/networks.ts';
import { nodeFromObject } from '../../../../shared/cluster/nodes.ts';
import { podFromObject } from '../../../../shared/cluster/pods.ts';
import { resourceOf, roomPatch } from '../../../../shared/cluster/room-resources.ts';

const A = 'multus-eni.dev/default.a';

it('a network’s resource has its namespace and name, unless they are too long', () => {
  expect(resourceOf('default/ipvlan-conf-1')).toBe('multus-eni.dev/default.ipvlan-conf-1');
  expect(resourceOf(`default/${'n'.repeat(55)}`)).toHaveLength('multus-eni.dev/'.length + 63);
  expect(resourceOf(`default/${'n'.repeat(56)}`)).toBeUndefined();
});

describe('a Node advertises', () => {
  const advertised = (status: unknown) =>
    nodeFromObject({ metadata: { name: 'n', uid: 'u' }, spec: {}, status }).advertised;

  it('what is ours, and nothing of others', () => {
    const list = { cpu: '2', 'example.com/gpu': '1', [A]: '3' };
    const told = { [A]: '3' };
    expect(advertised({ capacity: list, allocatable: list })).toEqual({
      capacity: told,
      allocatable: told,
    });
  });

  it('nothing before the kubelet has told of its capacity, and if it cannot be read', () => {
    for (const status of [undefined, {}, { capacity: { cpu: '1' } }, { capacity: 'x' }, 'x'])
      expect(advertised(status)).toBeUndefined();
  });
});

describe('a pod requests', () => {
  const metadata = { namespace: 'default', name: 'p', uid: 'u', creationTimestamp: new Date(0) };
  const requested = (spec: object) => podFromObject({ metadata, spec }).requestedRoom;
  const container = (amount: unknown, more: object = {}) => ({
    ...more,
    resources: { requests: { cpu: '1', [A]: amount } },
  });

  it('what its containers request together', () => {
    const containers = [container('2'), container(1), { name: 'none' }];
    expect(requested({ containers })).toEqual({ [A]: 3 });
    expect(requested({ containers: [container('1k')] })).toEqual({ [A]: 1000 });
  });

  it('what an init container needs, if that is more, and sidecars all the time', () => {
    const containers = [container('2')];
    expect(requested({ containers, initContainers: [container('5')] })).toEqual({ [A]: 5 });
    const initContainers = [container('2', { restartPolicy: 'Always' }), container('1')];
    expect(requested({ containers, initContainers })).toEqual({ [A]: 4 });
  });

  it('nothing of ours, like most', () => {
    for (const containers of [undefined, [], [{ resources: { requests: { cpu: '1' } } }], 'x'])
      expect(requested({ containers })).toBeUndefined();
    expect(requested({ containers: [container('some')] })).toEqual({ [A]: 0 });
  });
});

it('a network is advertised by its label', () => {
  const advertised = (labels: unknown) =>
    networkFromObject({ metadata: { namespace: 'n', name: 'a', uid: 'u', labels }, spec: {} })
      .advertised;
  expect(advertised({ 'multus-eni.dev/room': 'enabled' })).toBe(true);
  expect(advertised({ 'multus-eni.dev/room': 'disabled' })).toBeUndefined();
  expect(advertised(undefined)).toBeUndefined();
});

describe('a Node’s status is patched', () => {
  const said = { [A]: '9' };
  const both = { capacity: said, allocatable: said };
  const path = `/status/capacity/${A.replace('/', '~1')}`;
  const alike = path.replace('capacity', 'allocatable');

  it('not at all if it says so already', () => {
    expect(roomPatch(both, new Map([[A, 9]]))).toEqual([]);
    const thousand = { [A]: '1k' };
    const told = { capacity: thousand, allocatable: thousand };
    expect(roomPatch(told, new Map([[A, 1000]]))).toEqual([]);
    expect(roomPatch({ capacity: {}, allocatable: {} }, new Map())).toEqual([]);
  });

  it('in both lists, and only as long as it says what it said', () => {
    expect(roomPatch(both, new Map([[A, 0]]))).toEqual([
      { op: 'test', path, value: '9' },
      { op: 'add', path, value: '0' },
      { op: 'test', path: alike, value: '9' },
      { op: 'add', path: alike, value: '0' },
    ]);
  });

  it('if one of them says nothing, or nonsense', () => {
    const odd = { capacity: said, allocatable: {} };
    expect(roomPatch(odd, new Map([[A, 9]]))).toEqual([{ op: 'add', path: alike, value: '9' }]);
    expect(roomPatch({ ...both, capacity: { [A]: '9.5' } }, new Map([[A, 9]]))).toEqual([
      { op: 'test', path, value: '9.5' },
      { op: 'add', path, value: '9' },
    ]);
  });

  it('to say nothing of what there is no room for any more', () => {
    expect(roomPatch({ capacity: said, allocatable: {} }, new Map())).toEqual([
      { op: 'test', path, value: '9' },
      { op: 'remove', path },
    ]);
  });
});

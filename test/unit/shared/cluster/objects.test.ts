import { expect, test } from 'vitest';
import { networkFromObject } from '../../../../shared/cluster/networks.ts';
import { nodeFromObject } from '../../../../shared/cluster/nodes.ts';
import { podFromObject } from '../../../../shared/cluster/pods.ts';

const STATUS = 'k8s.v1.cni.cncf.io/network-status';

function pod(changes: Record<string, Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    metadata: {
      namespace: 'demo',
      name: 'sampleapp',
      uid: 'u1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...changes.metadata,
    },
    spec: { containers: [], ...changes.spec },
    status: { phase: 'Pending', ...changes.status },
  };
}

test('of a pod, only what decides something is kept', () => {
  const object = pod({
    metadata: { annotations: { [STATUS]: '[]', 'multus-eni.dev/ignore': 'true', other: 'x' } },
    spec: {
      nodeName: 'worker-a',
      readinessGates: [{ conditionType: 'multus-eni.dev/ips-assigned' }],
    },
    status: {
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'multus-eni.dev/ips-assigned', status: 'True', reason: 'Assigned', message: 'm' },
      ],
    },
  });
  expect(podFromObject(object)).toEqual({
    namespace: 'demo',
    name: 'sampleapp',
    uid: 'u1',
    node: 'worker-a',
    createdAt: Date.UTC(2026, 0, 1),
    terminating: false,
    finished: false,
    hostNetwork: false,
    gated: true,
    annotations: { [STATUS]: '[]', 'multus-eni.dev/ignore': 'true' },
    condition: { status: 'True', reason: 'Assigned', message: 'm' },
  });
});

test('a pod that is not scheduled has no node', () => {
  expect(podFromObject(pod())).not.toHaveProperty('node');
  expect(podFromObject(pod({ spec: { nodeName: '' } }))).not.toHaveProperty('node');
});

test('a pod with a deletionTimestamp is terminating, one in a final phase is finished', () => {
  const metadata = { deletionTimestamp: '2026-01-01T00:00:30Z' };
  expect(podFromObject(pod({ metadata }))).toMatchObject({ terminating: true, finished: false });
  for (const phase of ['Succeeded', 'Failed']) {
    expect(podFromObject(pod({ status: { phase } }))).toMatchObject({ finished: true });
  }
  for (const phase of ['Pending', 'Running', 'Unknown']) {
    expect(podFromObject(pod({ status: { phase } }))).toMatchObject({ finished: false });
  }
});

test('times may be the dates of the Kubernetes client', () => {
  const creationTimestamp = new Date(Date.UTC(2026, 1, 3));
  expect(podFromObject(pod({ metadata: { creationTimestamp } })).createdAt).toBe(
    Date.UTC(2026, 1, 3),
  );
});

test('a condition that somebody else wrote over does not make the pod unreadable', () => {
  const conditions = [{ type: 'multus-eni.dev/ips-assigned', status: 'Yes', reason: null }];
  expect(podFromObject(pod({ status: { conditions } })).condition).toEqual({
    status: 'Unknown',
    reason: '',
    message: '',
  });
});

test.each([
  ['no object', null, 'Pod: object'],
  ['no uid', pod({ metadata: { uid: undefined } }), 'Pod demo/sampleapp: metadata.uid'],
  ['no time', pod({ metadata: { creationTimestamp: 'soon' } }), 'metadata.creationTimestamp'],
  ['an invalid date', pod({ metadata: { creationTimestamp: new Date('x') } }), 'creationTimestamp'],
  ['annotations', pod({ metadata: { annotations: { [STATUS]: 7 } } }), 'metadata.annotations'],
  ['a number for a node', pod({ spec: { nodeName: 7 } }), 'spec.nodeName'],
  ['no spec', { ...pod(), spec: undefined }, 'Pod demo/sampleapp: spec'],
])('a pod that cannot be read is an error that names it and the field: %s', (_, object, names) => {
  expect(() => podFromObject(object)).toThrow(names);
});

test.each([
  ['aws:///us-east-1a/i-0123456789abcdef0', 'i-0123456789abcdef0'],
  ['aws:////i-0abc', 'i-0abc'],
  ['aws:///us-east-1a/0a1b2c/fargate-ip-10-0-0-1.ec2.internal', undefined],
  ['eks-hybrid:///us-west-2/demo/mi-0123456789abcdef0', undefined],
  ['kind://docker/kind/i-0123', undefined],
  ['aws:///us-east-1a/i-0123/x', undefined],
  ['aws:///us-east-1a/i-xyz', undefined],
  ['', undefined],
])('providerID %j names instance %s', (providerID, instanceId) => {
  const object = { metadata: { name: 'worker-a', uid: 'n1' }, spec: { providerID } };
  expect(nodeFromObject(object).instanceId).toBe(instanceId);
});

test.each([
  ['aws:///us-east-1a/i-0123456789abcdef0', undefined],
  ['aws:///us-east-1a/i-xyz', undefined],
  ['', undefined],
  ['aws:///us-east-1a/0a1b2c/fargate-ip-10-0-0-1.ec2.internal', true],
  ['eks-hybrid:///us-west-2/demo/mi-0123456789abcdef0', true],
  ['kind://docker/kind/i-0123', true],
])('providerID %j says that the node is outside EC2: %s', (providerID, outsideEc2) => {
  const object = { metadata: { name: 'worker-a', uid: 'n1' }, spec: { providerID } };
  expect(nodeFromObject(object).outsideEc2).toBe(outsideEc2);
});

test('a node’s instance type is the one of its label', () => {
  const labels = { 'node.kubernetes.io/instance-type': 'm5.large' };
  expect(nodeFromObject({ metadata: { name: 'worker-a', uid: 'n1', labels } })).toEqual({
    name: 'worker-a',
    uid: 'n1',
    instanceType: 'm5.large',
  });
});

test('a node that cannot be read is an error that names it', () => {
  expect(() => nodeFromObject({ metadata: { name: 'worker-a' } })).toThrow(
    'Node worker-a: metadata.uid',
  );
});

test('a network keeps its configuration as text', () => {
  const object = {
    metadata: {
      namespace: 'demo',
      name: 'net',
      uid: 'n1',
      annotations: { 'multus-eni.dev/ranges': '[]', x: '' },
    },
    spec: { config: '{"type":"ipvlan"}' },
  };
  expect(networkFromObject(object)).toEqual({
    namespace: 'demo',
    name: 'net',
    uid: 'n1',
    config: '{"type":"ipvlan"}',
    annotations: { 'multus-eni.dev/ranges': '[]' },
  });
});

test.each([undefined, null, {}, { config: null }])(
  'a network has no configuration: spec %j',
  (spec) => {
    const metadata = { namespace: 'demo', name: 'net', uid: 'n1' };
    expect(networkFromObject({ metadata, spec })).toEqual({ ...metadata, annotations: {} });
  },
);

test.each([
  [7, null],
  ['ipvlan', 'ipvlan'],
  [['ipvlan'], null],
  [{ config: 7 }, null],
  [{ config: { type: 'ipvlan' } }, null],
])('that a configuration is none is kept, to be told: spec %j', (spec, config) => {
  const metadata = { namespace: 'demo', name: 'net', uid: 'n1' };
  expect(networkFromObject({ metadata, spec })).toMatchObject({ config });
});

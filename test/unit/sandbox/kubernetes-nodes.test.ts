import { expect, onTestFinished, test } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { createKubernetesApi } from '../../../sandbox/kubernetes/kubernetes.ts';
import { type NodesOptions, startNodes } from '../../../sandbox/kubernetes/nodes/nodes.ts';
import { NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { pod } from './kubernetes-clients.ts';

const NETWORKS = 'k8s.v1.cni.cncf.io/networks';
const MACS: Record<string, string> = {
  'n1/eth1': '02:9b:07:fb:2e:71',
  'n1/eth2': '02:45:B8:37:C1:87',
  'n2/eth1': '02:9b:07:fb:2e:72',
};

/** The guide's network on `eth<index>`. */
const guideNetwork = (index: number, subnet: number): object => ({
  type: 'ipvlan',
  master: `eth${index}`,
  ipam: {
    type: 'host-local',
    subnet: `172.16.${subnet}.0/24`,
    rangeStart: `172.16.${subnet}.70`,
    rangeEnd: `172.16.${subnet}.80`,
    gateway: `172.16.${subnet}.1`,
  },
});

/** Two nodes with the guide's two networks, on a clock that stands still. */
function cluster(options: Partial<NodesOptions> = {}) {
  const clock = virtualClock();
  const { objects, store } = createKubernetesApi({ clock });
  const nodes = startNodes({
    store,
    objects,
    clock,
    random: () => 0.5,
    macOf: (node, device) => MACS[`${node}/${device}`],
    ...options,
  });
  onTestFinished(() => nodes.stop());
  const addNetwork = (name: string, config: object) =>
    objects.create('network-attachment-definitions', {
      metadata: { name },
      spec: { config: JSON.stringify(config) },
    });
  addNetwork('ipvlan-conf-1', guideNetwork(1, 1));
  addNetwork('ipvlan-conf-2', guideNetwork(2, 3));
  for (const [index, name] of ['n1', 'n2'].entries()) {
    const address = `172.16.0.1${index}`;
    nodes.addNode({ name, instanceId: `i-${name}`, instanceType: 'm5.large', address });
  }
  const run = (name: string, networks: string, spec: Parameters<typeof pod>[1] = {}) => {
    objects.create('pods', {
      ...pod(name, { nodeName: 'n1', ...spec }),
      metadata: { name, annotations: { [NETWORKS]: networks } },
    });
    clock.advance(0);
  };
  const statusText = (name: string) =>
    objects.get('pods', { name }).metadata.annotations?.[NETWORK_STATUS];
  const attached = (
    name: string,
  ): { name: string; interface: string; ips: string[]; mac: string }[] =>
    JSON.parse(statusText(name) ?? '[]').slice(1);
  const addresses = (name: string) => attached(name).flatMap(({ ips }) => ips);
  const phase = (name: string) => objects.find('pods', { name })?.status?.phase;
  return { clock, objects, store, nodes, addNetwork, run, statusText, attached, addresses, phase };
}

test('a Node names its EC2 instance, type and address', () => {
  const { objects } = cluster();
  expect(objects.get('nodes', { name: 'n1' })).toMatchObject({
    metadata: { labels: { 'node.kubernetes.io/instance-type': 'm5.large' } },
    spec: { providerID: 'aws:///us-east-1a/i-n1' },
    status: { addresses: [{ type: 'InternalIP', address: '172.16.0.10' }, { type: 'Hostname' }] },
  });
});

test('network-status has Multus’s form: the default network, then each with its ENI’s MAC', () => {
  const { run, statusText } = cluster();
  run('sampleapp-dual', 'ipvlan-conf-1, ipvlan-conf-2');
  const text = statusText('sampleapp-dual') ?? '';
  expect(JSON.parse(text)).toEqual([
    {
      name: 'aws-cni',
      interface: expect.stringMatching(/^dummy[0-9a-f]{11}$/),
      ips: ['10.0.0.2'],
      default: true,
      dns: {},
    },
    {
      name: 'default/ipvlan-conf-1',
      interface: 'net1',
      ips: ['172.16.1.70'],
      mac: '02:9b:07:fb:2e:71',
      dns: {},
    },
    {
      name: 'default/ipvlan-conf-2',
      interface: 'net2',
      ips: ['172.16.3.70'],
      mac: '02:45:b8:37:c1:87',
      dns: {},
    },
  ]);
  expect(text).toContain('},{\n    "name": "default/ipvlan-conf-1",\n    "interface": "net1",');
});

test('the networks annotation names namespaces and interfaces, or is a JSON list', () => {
  const { run, attached, addNetwork } = cluster();
  addNetwork('static', { type: 'ipvlan', master: 'eth1', ipam: { type: 'static' } });
  run('a', 'default/ipvlan-conf-1@eth9,ipvlan-conf-2');
  expect(attached('a').map((entry) => entry.interface)).toEqual(['eth9', 'net2']);
  run('b', JSON.stringify([{ name: 'static', ips: ['172.16.1.90/24'] }]));
  expect(attached('b')).toMatchObject([{ interface: 'net1', ips: ['172.16.1.90'] }]);
});

test('a bridge network has a MAC of its own, a list of plugins the first one’s interface', () => {
  const { run, attached, addNetwork } = cluster();
  const ipam = { type: 'host-local', subnet: '192.168.7.0/24' };
  addNetwork('bridge', { plugins: [{ type: 'bridge', ipam }, { type: 'tuning' }] });
  run('a', 'bridge');
  expect(attached('a')).toMatchObject([{ ips: ['192.168.7.2'], mac: '0a:80:80:80:80:80' }]);
});

test('a pod without a node is bound to the one with the fewest pods', () => {
  const { run, objects, phase } = cluster();
  run('a', '');
  run('b', '', { nodeName: '' });
  expect(objects.get('pods', { name: 'b' }).spec?.nodeName).toBe('n2');
  run('c', '', { nodeName: '', nodeSelector: { 'kubernetes.io/hostname': 'n1' } });
  expect(objects.get('pods', { name: 'c' }).spec?.nodeName).toBe('n1');
  expect(phase('c')).toBe('Running');
});

test('a pod is bound to the node that its affinity names', () => {
  const { run, objects } = cluster();
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: ['n2'] }];
  const terms = { nodeSelectorTerms: [{ matchFields }] };
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } };
  for (const name of ['a', 'b']) {
    run(name, '', { nodeName: '', affinity });
    expect(objects.get('pods', { name }).spec?.nodeName).toBe('n2');
  }
});

test('a running pod is Ready only once its readiness gate is True', () => {
  const { run, objects, clock } = cluster();
  const gate = 'multus-eni.dev/ips-assigned';
  run('a', 'ipvlan-conf-1', { readinessGates: [{ conditionType: gate }] });
  const conditions = () => objects.get('pods', { name: 'a' }).status?.conditions;
  const setGate = (status: string) => {
    const patch = { status: { conditions: [{ type: gate, status }] } };
    const type = 'application/strategic-merge-patch+json';
    objects.patch('pods', { name: 'a' }, patch, { subresource: 'status', type });
    clock.advance(0);
  };
  expect(conditions()).toContainEqual(
    expect.objectContaining({ type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady' }),
  );
  setGate('True');
  expect(conditions()).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  setGate('False');
  expect(conditions()).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'False' }));
});

test('a pod whose network cannot be set up says why and starts once it can', () => {
  const { run, objects, clock, addNetwork, phase, addresses } = cluster();
  run('a', 'missing');
  run('b', 'ipvlan-conf-2', { nodeName: 'n2' });
  clock.advance(5000);
  const messages = objects.list('events').map(({ message }) => message);
  expect(messages).toHaveLength(2);
  expect(messages[0]).toContain('cannot find a network-attachment-definition (missing)');
  expect(messages[1]).toContain('failed to lookup master "eth2"');
  addNetwork('missing', guideNetwork(1, 1));
  clock.advance(0);
  expect(phase('a')).toBe('Running');
  expect(addresses('a')).toEqual(['172.16.1.70']);
  expect(phase('b')).toBe('Pending');
});

test('a deleted pod is terminating while it stops, then gone, and its address is free', () => {
  const { run, objects, clock, nodes, addresses } = cluster({ terminationMs: 2000 });
  run('a', 'ipvlan-conf-1');
  objects.delete('pods', { name: 'a' });
  clock.advance(1999);
  expect(objects.get('pods', { name: 'a' }).metadata.deletionTimestamp).toBeDefined();
  expect(nodes.podsWith('172.16.1.70')).toEqual([{ namespace: 'default', name: 'a', node: 'n1' }]);
  expect(addresses('a')).toEqual(['172.16.1.70']);
  clock.advance(1);
  expect(objects.find('pods', { name: 'a' })).toBeUndefined();
  expect(nodes.podsWith('172.16.1.70')).toEqual([]);
});

test('Multus 3 empties the annotation before the object goes', () => {
  const { run, objects, store, clock } = cluster({ emptiesAnnotation: true });
  run('a', 'ipvlan-conf-1');
  const seen: unknown[] = [];
  store.onChange(({ type, object }) =>
    seen.push([type, object.metadata.annotations?.[NETWORK_STATUS]]),
  );
  objects.delete('pods', { name: 'a' });
  clock.advance(0);
  expect(seen).toEqual([
    ['MODIFIED', expect.stringContaining('172.16.1.70')],
    ['MODIFIED', '[]'],
    // The kubelet's own deletion ends the grace period first.
    ['MODIFIED', '[]'],
    ['DELETED', '[]'],
  ]);
});

test('a pod that is deleted by force frees its address after its object is gone', () => {
  const { run, objects, clock, nodes } = cluster();
  run('a', 'ipvlan-conf-1');
  objects.delete('pods', { name: 'a' }, { gracePeriodSeconds: 0 });
  expect(nodes.podsWith('172.16.1.70')).toHaveLength(1);
  clock.advance(0);
  expect(nodes.podsWith('172.16.1.70')).toEqual([]);
});

test('a finished pod keeps its object and loses its interfaces', () => {
  const { run, clock, nodes, phase } = cluster();
  run('a', 'ipvlan-conf-1');
  nodes.finishPod({ name: 'a' });
  clock.advance(0);
  expect(phase('a')).toBe('Succeeded');
  expect(nodes.podsWith('172.16.1.70')).toEqual([]);
});

test('a rebooted node’s pods come back with new addresses', () => {
  const { run, clock, nodes, addresses } = cluster();
  run('a', 'ipvlan-conf-1');
  run('b', 'ipvlan-conf-1');
  nodes.reboot('n1');
  clock.advance(0);
  expect([addresses('a'), addresses('b')]).toEqual([['172.16.1.72'], ['172.16.1.73']]);
});

test('the pods of a node without a kubelet stay terminating, those of no Node until collected', () => {
  const { run, objects, clock, nodes, phase } = cluster();
  run('a', 'ipvlan-conf-1');
  nodes.stopKubelet('n1');
  objects.delete('pods', { name: 'a' });
  clock.advance(60_000);
  expect(phase('a')).toBe('Running');
  nodes.removeNode('n1');
  expect(objects.find('nodes', { name: 'n1' })).toBeUndefined();
  nodes.collectOrphanedPods();
  expect(phase('a')).toBeUndefined();
});

test('a kubelet that is started again finishes what was asked meanwhile', () => {
  const { run, objects, clock, nodes, phase } = cluster();
  run('a', 'ipvlan-conf-1');
  nodes.stopKubelet('n1');
  objects.delete('pods', { name: 'a' });
  clock.advance(60_000);
  nodes.startKubelet('n1');
  clock.advance(0);
  expect(phase('a')).toBeUndefined();
});

test('a hostNetwork pod gets the node’s address and no annotation', () => {
  const { run, objects, statusText } = cluster();
  run('a', 'ipvlan-conf-1', { hostNetwork: true });
  expect(objects.get('pods', { name: 'a' }).status?.podIP).toBe('172.16.0.10');
  expect(statusText('a')).toBeUndefined();
});

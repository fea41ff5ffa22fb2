import {
  type KubernetesObject,
  KubernetesObjectApi,
  PatchStrategy,
  setHeaderOptions,
  V1MicroTime,
} from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { codeOf, connect, pod } from './kubernetes-clients.ts';

const namespace = 'default';
const MERGE = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const STRATEGIC = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);

test('a created pod has a uid, a version, the clock’s time and the phase Pending', async () => {
  const clock = virtualClock(Date.UTC(2026, 4, 1));
  const { core } = await connect({ clock });
  const created = await core.createNamespacedPod({ namespace, body: pod('a') });
  expect(created.metadata?.creationTimestamp).toEqual(new Date('2026-05-01T00:00:00Z'));
  expect(created.metadata?.uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(created.status?.phase).toBe('Pending');
  expect(await core.readNamespacedPod({ namespace, name: 'a' })).toEqual(created);
});

test('a name is generated from generateName', async () => {
  const { core } = await connect();
  const body = { ...pod(''), metadata: { generateName: 'web-' } };
  const created = await core.createNamespacedPod({ namespace, body });
  expect(created.metadata?.name).toMatch(/^web-[a-z0-9]{5}$/);
});

test('what exists, a bad name and a missing namespace are refused', async () => {
  const { core } = await connect();
  await core.createNamespacedPod({ namespace, body: pod('a') });
  expect(await codeOf(core.createNamespacedPod({ namespace, body: pod('a') }))).toBe(409);
  expect(await codeOf(core.createNamespacedPod({ namespace, body: pod('A_') }))).toBe(422);
  expect(await codeOf(core.createNamespacedPod({ namespace: 'no', body: pod('a') }))).toBe(404);
  expect(await codeOf(core.readNamespacedPod({ namespace, name: 'b' }))).toBe(404);
});

test('a namespace that is being deleted takes nothing new', async () => {
  const { core } = await connect({ clock: virtualClock() });
  await core.createNamespace({ body: { metadata: { name: 'team' } } });
  await core.deleteNamespace({ name: 'team' });
  expect(await codeOf(core.createNamespacedPod({ namespace: 'team', body: pod('a') }))).toBe(403);
});

test('an update with an old resourceVersion is a conflict', async () => {
  const { core } = await connect();
  const old = await core.createNamespacedPod({ namespace, body: pod('a') });
  const body = { metadata: { labels: { x: '1' } } };
  await core.patchNamespacedPod({ namespace, name: 'a', body }, MERGE);
  expect(await codeOf(core.replaceNamespacedPod({ namespace, name: 'a', body: old }))).toBe(409);
});

test('a status patch sets one condition by its type, keeps the others and leaves the spec', async () => {
  const { core, kubernetes } = await connect();
  await core.createNamespacedPod({ namespace, body: pod('a', { nodeName: 'n1' }) });
  const patch = (type: string, status: string) =>
    core.patchNamespacedPodStatus(
      {
        namespace,
        name: 'a',
        body: { spec: { nodeName: 'n2' }, status: { conditions: [{ type, status }] } },
      },
      STRATEGIC,
    );
  await patch('Ready', 'True');
  await patch('multus-eni.dev/ips-assigned', 'False');
  const patched = await patch('multus-eni.dev/ips-assigned', 'True');
  expect(patched.status?.conditions).toEqual([
    { type: 'Ready', status: 'True' },
    { type: 'multus-eni.dev/ips-assigned', status: 'True' },
  ]);
  expect(patched.spec?.nodeName).toBe('n1');
  expect(kubernetes.calls.map(({ verb, resource }) => `${verb} ${resource}`)).toContain(
    'patch pods/status',
  );
});

test('a patch of the pod leaves its status', async () => {
  const { core } = await connect();
  await core.createNamespacedPod({ namespace, body: pod('a') });
  const body = { metadata: { labels: { x: '1' } }, status: { phase: 'Running' } };
  const patched = await core.patchNamespacedPod({ namespace, name: 'a', body }, MERGE);
  expect(patched.metadata?.labels).toEqual({ x: '1' });
  expect(patched.status?.phase).toBe('Pending');
});

test('a patch that names another uid is refused', async () => {
  const { core } = await connect();
  await core.createNamespacedPod({ namespace, body: pod('a') });
  const body = { metadata: { uid: 'of-the-former-pod' }, status: { phase: 'Running' } };
  const patched = core.patchNamespacedPodStatus({ namespace, name: 'a', body }, STRATEGIC);
  expect(await codeOf(patched)).toBe(422);
});

test('a patch that changes nothing is no new version', async () => {
  const { core, kubernetes } = await connect();
  await core.createNamespacedPod({ namespace, body: pod('a') });
  const body = { status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  await core.patchNamespacedPodStatus({ namespace, name: 'a', body }, STRATEGIC);
  const version = kubernetes.store.version();
  await core.patchNamespacedPodStatus({ namespace, name: 'a', body }, STRATEGIC);
  expect(kubernetes.store.version()).toBe(version);
});

test('the instance that a Node names stays, once it names one', async () => {
  const { core } = await connect();
  const name = 'worker-a';
  const patch = (providerID: string) =>
    core.patchNode({ name, body: { spec: { providerID } } }, MERGE);
  await core.createNode({ body: { metadata: { name } } });
  const named = await patch('aws:///us-east-1a/i-0a');
  expect(named.spec?.providerID).toBe('aws:///us-east-1a/i-0a');
  expect(await codeOf(patch('aws:///us-east-1a/i-0b'))).toBe(422);
});

test('a JSON patch applies whole or not at all', async () => {
  const { core } = await connect();
  const labels = { x: '1' };
  await core.createNamespacedPod({
    namespace,
    body: { ...pod('a'), metadata: { name: 'a', labels } },
  });
  const add = { op: 'add', path: '/metadata/labels/y~1z', value: '2' };
  const test = { op: 'test', path: '/metadata/labels/x', value: 'other' };
  const patch = (body: object) => core.patchNamespacedPod({ namespace, name: 'a', body });
  expect(await codeOf(patch([add, test]))).toBe(422);
  expect((await core.readNamespacedPod({ namespace, name: 'a' })).metadata?.labels).toEqual(labels);
  expect((await patch([add])).metadata?.labels).toEqual({ ...labels, 'y/z': '2' });
});

test('a NetworkAttachmentDefinition takes a merge patch and no strategic one', async () => {
  const { config } = await connect();
  const objects = KubernetesObjectApi.makeApiClient(config);
  const network: KubernetesObject & { spec: object } = {
    apiVersion: 'k8s.cni.cncf.io/v1',
    kind: 'NetworkAttachmentDefinition',
    metadata: { name: 'ipvlan-conf-1', namespace },
    spec: { config: '{}' },
  };
  await objects.create(network);
  const changed = { ...network, metadata: { ...network.metadata, annotations: { a: 'b' } } };
  const patch = (strategy: PatchStrategy) =>
    objects.patch(changed, undefined, undefined, undefined, undefined, strategy);
  expect(await codeOf(patch(PatchStrategy.StrategicMergePatch))).toBe(415);
  expect((await patch(PatchStrategy.MergePatch)).metadata?.annotations).toEqual({ a: 'b' });
});

test('without Multus the cluster has no NetworkAttachmentDefinitions', async () => {
  const { custom } = await connect({ multus: false });
  const listed = custom.listClusterCustomObject({
    group: 'k8s.cni.cncf.io',
    version: 'v1',
    plural: 'network-attachment-definitions',
  });
  expect(await codeOf(listed)).toBe(404);
});

test('of two that renew one lease at the same version, one gets a conflict', async () => {
  const { leases } = await connect();
  const at = new V1MicroTime('2026-01-01T00:00:00Z');
  const spec = { holderIdentity: 'a', renewTime: at };
  const body = await leases.createNamespacedLease({
    namespace,
    body: { metadata: { name: 'forwarder' }, spec },
  });
  const renew = (holderIdentity: string) =>
    leases.replaceNamespacedLease({
      namespace,
      name: 'forwarder',
      body: { ...body, spec: { ...spec, holderIdentity } },
    });
  expect((await renew('b')).spec?.holderIdentity).toBe('b');
  expect(await codeOf(renew('c'))).toBe(409);
});

test('a lease’s times have six decimals, and an update names its version', async () => {
  const { kubernetes } = await connect();
  const metadata = { name: 'forwarder' };
  const renewTime = '2026-01-01T00:00:00.000Z';
  expect(() => kubernetes.objects.create('leases', { metadata, spec: { renewTime } })).toThrow(
    /cannot parse/,
  );
  kubernetes.objects.create('leases', { metadata, spec: {} });
  expect(() => kubernetes.objects.update('leases', { metadata, spec: {} })).toThrow(
    /must be specified/,
  );
});

test('an Event lies in the namespace of what it is about', async () => {
  const { core } = await connect();
  const write = (regarding: string) =>
    core.createNamespacedEvent({
      namespace,
      body: {
        metadata: { name: 'e' },
        involvedObject: { kind: 'Pod', name: 'a', namespace: regarding },
      },
    });
  expect(await codeOf(write('team'))).toBe(422);
  expect((await write(namespace)).involvedObject.name).toBe('a');
});

test('a bound pod stays terminating until it is deleted with a grace period of 0', async () => {
  const clock = virtualClock(Date.UTC(2026, 0, 1));
  const { core, kubernetes } = await connect({ clock });
  await core.createNamespacedPod({ namespace, body: pod('a', { nodeName: 'n1' }) });
  await core.deleteNamespacedPod({ namespace, name: 'a', gracePeriodSeconds: 10 });
  const terminating = await core.readNamespacedPod({ namespace, name: 'a' });
  expect(terminating.metadata?.deletionTimestamp).toEqual(new Date('2026-01-01T00:00:10Z'));
  const version = kubernetes.store.version();
  await core.deleteNamespacedPod({ namespace, name: 'a', gracePeriodSeconds: 20 });
  expect(kubernetes.store.version()).toBe(version);
  await core.deleteNamespacedPod({ namespace, name: 'a', gracePeriodSeconds: 0 });
  expect(await codeOf(core.readNamespacedPod({ namespace, name: 'a' }))).toBe(404);
});

test('a pod that is not bound or has finished is gone at once', async () => {
  const { core, kubernetes } = await connect();
  await core.createNamespacedPod({ namespace, body: pod('unbound') });
  await core.createNamespacedPod({ namespace, body: pod('finished', { nodeName: 'n1' }) });
  kubernetes.objects.patch(
    'pods',
    { name: 'finished' },
    { status: { phase: 'Succeeded' } },
    { subresource: 'status' },
  );
  await core.deleteCollectionNamespacedPod({ namespace });
  expect((await core.listNamespacedPod({ namespace })).items).toEqual([]);
});

test('a deletion for another uid is a conflict', async () => {
  const { core } = await connect();
  await core.createNamespacedPod({ namespace, body: pod('a') });
  const body = { preconditions: { uid: 'of-the-former-pod' } };
  expect(await codeOf(core.deleteNamespacedPod({ namespace, name: 'a', body }))).toBe(409);
});

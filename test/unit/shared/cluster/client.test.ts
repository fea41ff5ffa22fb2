import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kubernetesFailure } from '../../../../shared/cluster/errors.ts';
import { listOf, podObject, refusal } from './api-server.ts';
import { type ClientBed, startClientBed } from './client-bed.ts';

let api: ClientBed['api'];
let clock: ClientBed['clock'];
let kubernetes: ClientBed['kubernetes'];
let failures: ClientBed['failures'];

beforeEach(async () => {
  ({ api, clock, kubernetes, failures } = await startClientBed());
});
afterEach(() => api.stop());

const POD = { namespace: 'demo', name: 'sampleapp', uid: 'u1' };

function setCondition(): Promise<void> {
  const condition = { status: 'True', reason: 'Assigned', message: '172.16.1.70' } as const;
  const lastTransitionTime = Date.UTC(2026, 0, 1);
  return kubernetes.setPodCondition(POD, { ...condition, lastTransitionTime });
}

test('all pages of the pods are read, consistently', async () => {
  api.answer(({ query }) =>
    query.continue === undefined
      ? listOf([podObject('a'), podObject('b')], 'next+page/=')
      : listOf([podObject('c')]),
  );
  const pods = await kubernetes.listPods({});
  expect(pods.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(api.requests.map(({ path, query }) => [path, query])).toEqual([
    ['/api/v1/pods', { limit: '110' }],
    ['/api/v1/pods', { limit: '440', continue: 'next+page/=' }],
  ]);
});

test('the nodes are listed once for all that ask at a time', async () => {
  api.answer(() => listOf([]));
  await Promise.all(Array.from({ length: 10 }, () => kubernetes.listNodes()));
  expect(api.requests.map(({ path }) => path)).toEqual(['/api/v1/nodes']);
});

test('the nodes are asked for their metadata alone, once it is known which instances they name', async () => {
  const metadata = { name: 'worker-a', uid: 'n1' };
  const spec = { providerID: 'aws:///us-east-1a/i-0abc' };
  api.answer(({ accept }) =>
    listOf([accept === 'application/json' ? { metadata, spec } : { metadata }]),
  );
  const nodes = await kubernetes.listNodes();
  expect(await kubernetes.listNodes()).toEqual(nodes);
  expect(nodes).toMatchObject([{ name: 'worker-a', instanceId: 'i-0abc' }]);
  expect(api.requests.map(({ accept }) => accept)).toEqual([
    'application/json',
    'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json',
  ]);
});

test('networks are listed once for all that ask at a time', async () => {
  api.answer(() => listOf([]));
  await Promise.all(
    Array.from({ length: 10 }, () => kubernetes.listNetworkAttachmentDefinitions()),
  );
  expect(api.requests).toHaveLength(1);
});

test('all pods are listed once for all that ask at a time', async () => {
  api.answer(() => listOf([podObject('a')]));
  const lists = await Promise.all(Array.from({ length: 10 }, () => kubernetes.listPods({})));
  expect(api.requests.map(({ path }) => path)).toEqual(['/api/v1/pods']);
  for (const pods of lists) expect(pods.map(({ name }) => name)).toEqual(['a']);
});

test('each node’s pods are listed for each that asks', async () => {
  api.answer(() => listOf([]));
  await Promise.all([kubernetes.listPods({ node: 'a' }), kubernetes.listPods({ node: 'b' })]);
  expect(api.requests).toHaveLength(2);
});

test('every request carries the token of its time', async () => {
  api.answer(() => listOf([]));
  await kubernetes.listPods({});
  await kubernetes.listNodes();
  expect(api.requests.map(({ authorization }) => authorization)).toEqual([
    'Bearer token-1',
    'Bearer token-2',
  ]);
});

test('a node’s pods are chosen by the API server', async () => {
  api.answer(() => listOf([]));
  await kubernetes.listPods({ node: 'worker-a' });
  expect(api.requests[0]?.query.fieldSelector).toBe('spec.nodeName=worker-a');
});

test('a node’s name cannot change what is chosen', async () => {
  api.answer(() => listOf([]));
  await kubernetes.listPods({ node: 'a,metadata.name=b\\' });
  expect(api.requests[0]?.query.fieldSelector).toBe('spec.nodeName=a\\,metadata.name\\=b\\\\');
});

test('a list whose pages expired begins anew', async () => {
  let expired = false;
  api.answer(({ query }) => {
    if (query.continue === undefined) {
      return expired ? listOf([podObject('c')]) : listOf([podObject('a')], 'p2');
    }
    expired = true;
    return refusal(410, { reason: 'Expired', metadata: { continue: 'inconsistent' } });
  });
  const pods = await kubernetes.listPods({});
  expect(pods.map(({ name }) => name)).toEqual(['c']);
});

test('a list whose pages expire again and again is an error', async () => {
  api.answer(({ query }) =>
    query.continue === undefined ? listOf([], 'p2') : refusal(410, { reason: 'Expired' }),
  );
  await expect(kubernetes.listPods({})).rejects.toMatchObject({ code: 410 });
});

test('one pod that cannot be read fails the list: its claims would look unclaimed', async () => {
  const broken = { ...podObject('b'), metadata: { namespace: 'demo', name: 'b' } };
  api.answer(() => listOf([podObject('a'), broken]));
  await expect(kubernetes.listPods({})).rejects.toThrow('Pod demo/b: metadata.uid');
});

test.each([{}, { metadata: {}, items: null }, { items: [] }, 'a proxy’s page'])(
  'an answer that is no list is no empty list: %j',
  async (body) => {
    api.answer(() => ({ body }));
    await expect(kubernetes.listPods({})).rejects.toThrow();
    await expect(kubernetes.listNodes()).rejects.toThrow();
    await expect(kubernetes.listNetworkAttachmentDefinitions()).rejects.toThrow();
  },
);

test('an answer that is no JSON is malformed, whatever its status says', async () => {
  api.answer(() => ({ body: undefined, text: '<html>a proxy’s page</html>' }));
  const error = await kubernetes.listPods({}).catch((thrown: unknown) => thrown);
  expect(kubernetesFailure(error).kind).toBe('malformed');
});

test('a node is read by its name', async () => {
  const providerID = 'aws:///us-east-1a/i-0abc';
  api.answer(() => ({ body: { metadata: { name: 'worker-a', uid: 'n1' }, spec: { providerID } } }));
  expect(await kubernetes.getNode('worker-a')).toEqual({
    name: 'worker-a',
    uid: 'n1',
    instanceId: 'i-0abc',
  });
  expect(api.requests[0]?.path).toBe('/api/v1/nodes/worker-a');
});

test('a node that is not there is undefined', async () => {
  api.answer(() => refusal(404, { reason: 'NotFound' }));
  expect(await kubernetes.getNode('gone')).toBeUndefined();
});

test('networks are read page by page', async () => {
  const network = (name: string) => ({
    metadata: { namespace: 'demo', name, uid: name },
    spec: {},
  });
  api.answer(({ query }) =>
    query.continue === undefined ? listOf([network('a')], 'p2') : listOf([network('b')]),
  );
  const networks = await kubernetes.listNetworkAttachmentDefinitions();
  expect(networks.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(api.requests[1]).toMatchObject({
    path: '/apis/k8s.cni.cncf.io/v1/network-attachment-definitions',
    query: { limit: '80', continue: 'p2' },
  });
  // Nobody knows at first how large they are.
  expect(api.requests[0]?.query.limit).toBe('20');
});

test('a cluster without the CRD has no networks', async () => {
  api.answer(() => refusal(404, { reason: 'NotFound' }));
  expect(await kubernetes.listNetworkAttachmentDefinitions()).toEqual([]);
});

test('pools of whereabouts are read in few pages', async () => {
  const pool = (name: string) => ({
    metadata: { namespace: 'kube-system', name },
    spec: { range: '172.16.1.64/26', allocations: { 6: { id: 'c', podref: 'default/app' } } },
  });
  api.answer(({ query }) =>
    query.continue === undefined ? listOf([pool('a')], 'p2') : listOf([pool('b')]),
  );
  expect(await kubernetes.listIpPools()).toMatchObject([
    { reservations: [{ address: '172.16.1.70', pod: 'default/app', by: 'IPPool kube-system/a' }] },
    { reservations: [{ by: 'IPPool kube-system/b' }] },
  ]);
  expect(api.requests[1]).toMatchObject({
    path: '/apis/whereabouts.cni.cncf.io/v1alpha1/ippools',
    query: { limit: '1000', continue: 'p2' },
  });
});

test('pools of whereabouts that would take a sweep’s memory are not read', async () => {
  const spec = { range: 'x'.repeat(33 * 1024 * 1024) };
  api.answer(() => listOf([{ metadata: { namespace: 'kube-system', name: 'a' }, spec }]));
  await expect(kubernetes.listIpPools()).rejects.toThrow(
    'a page of a list is longer than 33554432 characters',
  );
});

test('the condition is merged into the status of exactly that pod', async () => {
  api.answer(() => ({ body: podObject('sampleapp') }));
  await setCondition();
  expect(api.requests[0]).toMatchObject({
    method: 'PATCH',
    path: '/api/v1/namespaces/demo/pods/sampleapp/status',
    contentType: 'application/strategic-merge-patch+json',
    query: { fieldManager: 'multus-eni-reconciler' },
    body: {
      metadata: { uid: 'u1' },
      status: {
        conditions: [
          {
            type: 'multus-eni.dev/ips-assigned',
            status: 'True',
            reason: 'Assigned',
            message: '172.16.1.70',
            lastTransitionTime: '2026-01-01T00:00:00.000Z',
          },
        ],
      },
    },
  });
});

test('a condition without a time keeps the time that it has', async () => {
  api.answer(() => ({ body: podObject('sampleapp') }));
  await kubernetes.setPodCondition(POD, { status: 'True', reason: 'Assigned', message: 'm' });
  expect(api.requests[0]?.body).toEqual({
    metadata: { uid: 'u1' },
    status: {
      conditions: [
        { type: 'multus-eni.dev/ips-assigned', status: 'True', reason: 'Assigned', message: 'm' },
      ],
    },
  });
});

test.each([
  ['is gone', refusal(404, { reason: 'NotFound' })],
  [
    'is another one by now (Conflict)',
    refusal(409, {
      message: 'Precondition failed: UID in precondition: u1, UID in object meta: u2',
    }),
  ],
  [
    'is another one by now (Invalid)',
    refusal(422, { details: { causes: [{ reason: 'FieldValueInvalid', field: 'metadata.uid' }] } }),
  ],
])('a pod that %s gets no condition, and that is fine', async (_, answer) => {
  api.answer(() => answer);
  await expect(setCondition()).resolves.toBeUndefined();
});

test('a patch that lost against another writer is an error', async () => {
  api.answer(() => refusal(409, { message: 'the object has been modified' }));
  await expect(setCondition()).rejects.toMatchObject({ code: 409 });
});

test('a caller that gives up gets its own reason, at once', async () => {
  api.answer(() => undefined);
  const controller = new AbortController();
  const listing = kubernetes.listPods({ signal: controller.signal });
  await vi.waitFor(() => expect(api.requests).toHaveLength(1));
  controller.abort(new Error('the deadline of the node is over'));
  await expect(listing).rejects.toThrow('the deadline of the node is over');
  expect(failures).toEqual([]);
});

test('a call with a signal that is aborted already asks nothing', async () => {
  await expect(kubernetes.listNodes(AbortSignal.abort(new Error('too late')))).rejects.toThrow(
    'too late',
  );
  expect(api.requests).toEqual([]);
});

test('an API server that does not answer is given up after the timeout', async () => {
  api.answer(() => undefined);
  const listing = kubernetes.listNodes();
  const rejected = expect(listing).rejects.toMatchObject({ name: 'TimeoutError' });
  await vi.waitFor(() => expect(api.requests).toHaveLength(1));
  clock.advance(5_000);
  await rejected;
  expect(failures).toHaveLength(1);
});

test('a call that is done leaves no timer', async () => {
  api.answer(() => listOf([]));
  await kubernetes.listPods({});
  expect(clock.nextTimer()).toBeUndefined();
});

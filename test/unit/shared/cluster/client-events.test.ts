import { afterEach, beforeEach, expect, test } from 'vitest';
import { listOf, refusal } from './api-server.ts';
import { type ClientBed, startClientBed } from './client-bed.ts';

let api: ClientBed['api'];
let kubernetes: ClientBed['kubernetes'];

beforeEach(async () => {
  ({ api, kubernetes } = await startClientBed());
});
afterEach(() => api.stop());

const POD = { namespace: 'demo', name: 'sampleapp', uid: 'u1' };

const EVENT = {
  regarding: { kind: 'Pod', ...POD },
  type: 'Normal',
  reason: 'IPsAssigned',
  message: 'assigned 172.16.1.70 to eni-1',
  at: Date.UTC(2026, 0, 1),
} as const;

test('an Event about a pod shows in the pod’s namespace', async () => {
  api.answer(({ body }) => ({ status: 201, body }));
  await kubernetes.writeEvent(EVENT);
  expect(api.requests[0]).toMatchObject({
    method: 'POST',
    path: '/api/v1/namespaces/demo/events',
    body: {
      metadata: { namespace: 'demo', name: 'sampleapp.0a1b2c' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', ...POD },
      type: 'Normal',
      reason: 'IPsAssigned',
      message: 'assigned 172.16.1.70 to eni-1',
      source: { component: 'multus-eni-reconciler' },
      reportingComponent: 'multus-eni-reconciler',
      firstTimestamp: '2026-01-01T00:00:00.000Z',
      lastTimestamp: '2026-01-01T00:00:00.000Z',
      count: 1,
    },
  });
});

test('an Event about a node shows in the default namespace', async () => {
  api.answer(({ body }) => ({ status: 201, body }));
  await kubernetes.writeEvent({
    ...EVENT,
    regarding: { kind: 'Node', name: 'worker-a', uid: 'n1' },
  });
  expect(api.requests[0]).toMatchObject({
    path: '/api/v1/namespaces/default/events',
    body: {
      metadata: { namespace: 'default', name: 'worker-a.0a1b2c' },
      involvedObject: { apiVersion: 'v1', kind: 'Node', name: 'worker-a', uid: 'n1' },
    },
  });
});

test('an Event about a network has the name that it is to have, and is written once', async () => {
  const written: unknown[] = [];
  api.answer(({ body }) => {
    if (written.length > 0) return refusal(409, { reason: 'AlreadyExists' });
    written.push(body);
    return { status: 201, body };
  });
  const regarding = { kind: 'NetworkAttachmentDefinition', ...POD, name: 'net-1' } as const;
  const event = { ...EVENT, regarding, id: 'f00', reason: 'UnreadableNetwork' } as const;
  await kubernetes.writeEvent(event);
  await kubernetes.writeEvent({ ...event, at: event.at + 300_000 });
  expect(api.requests).toHaveLength(2);
  expect(written).toMatchObject([
    {
      metadata: { namespace: 'demo', name: 'net-1.f00' },
      involvedObject: { apiVersion: 'k8s.cni.cncf.io/v1', ...regarding },
    },
  ]);
});

test('a long message is cut to 1,024 bytes, between characters', async () => {
  let message = '';
  api.answer(({ body }) => {
    message = (body as { message: string }).message;
    return { status: 201, body };
  });
  await kubernetes.writeEvent({ ...EVENT, message: 'ä'.repeat(600) });
  expect(message).toBe(`${'ä'.repeat(510)}…`);
  await kubernetes.writeEvent({ ...EVENT, message: 'x'.repeat(1024) });
  expect(message).toBe('x'.repeat(1024));
});

test.each([
  ['gone', refusal(404, { reason: 'NotFound' })],
  [
    'terminating',
    refusal(403, {
      reason: 'Forbidden',
      details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
    }),
  ],
])('an Event in a namespace that is %s is not written, and that is fine', async (_, answer) => {
  api.answer(() => answer);
  await expect(kubernetes.writeEvent(EVENT)).resolves.toBeUndefined();
});

test('an Event that was written before its connection broke is written once', async () => {
  api.answer(() => listOf([]));
  await kubernetes.listPods({});
  const written: string[] = [];
  api.answer(({ body }) => {
    const { name } = (body as { metadata: { name: string } }).metadata;
    if (written.includes(name)) return refusal(409, { reason: 'AlreadyExists' });
    written.push(name);
    return 'reset';
  });
  await expect(kubernetes.writeEvent(EVENT)).resolves.toBeUndefined();
  expect(written).toEqual(['sampleapp.0a1b2c']);
});

test('an Event that we may not write is an error', async () => {
  api.answer(() => refusal(403, { reason: 'Forbidden' }));
  await expect(kubernetes.writeEvent(EVENT)).rejects.toMatchObject({ code: 403 });
});

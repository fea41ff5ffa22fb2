import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { kubernetesFailure } from '../../../../shared/cluster/errors.ts';
import { apiTransport } from '../../../../shared/cluster/transport.ts';
import { startDeafServer } from '../../../support/deaf-server.ts';
import { listOf } from './api-server.ts';
import { type ClientBed, startClientBed } from './client-bed.ts';

let api: ClientBed['api'];
let clock: ClientBed['clock'];
let kubernetes: ClientBed['kubernetes'];
let failures: ClientBed['failures'];

beforeEach(async () => {
  ({ api, clock, kubernetes, failures } = await startClientBed());
});
afterEach(() => api.stop());

test('connections are kept: calls one after the other go over one', async () => {
  api.answer(() => listOf([]));
  for (let call = 0; call < 10; call += 1) await kubernetes.listPods({});
  expect(api.connections()).toBe(1);
});

test('calls at the same time do not wait for each other’s connection', async () => {
  // Who asks for all pods at the same time shares a list.
  api.answer(() => (api.requests.length < 3 ? undefined : listOf([])));
  const waiting = [kubernetes.listPods({ node: 'a' }), kubernetes.listPods({ node: 'a' })].map(
    (call) => call.catch(() => undefined),
  );
  await vi.waitFor(() => expect(api.requests).toHaveLength(2));
  await expect(kubernetes.listPods({ node: 'a' })).resolves.toEqual([]);
  clock.advance(5_000);
  await Promise.all(waiting);
});

/** Breaks the next `times` requests that come. */
function breakConnections(times: number): void {
  let left = times;
  api.answer(() => {
    left -= 1;
    return left >= 0 ? 'reset' : listOf([]);
  });
}

test('a kept connection that was closed meanwhile is replaced, and nobody is told', async () => {
  api.answer(() => listOf([]));
  await kubernetes.listPods({});
  breakConnections(1);
  await expect(kubernetes.listPods({})).resolves.toEqual([]);
  expect(api.connections()).toBe(2);
  expect(failures).toEqual([]);
});

test('kept connections that were all closed are each replaced at the first try', async () => {
  api.answer(() => listOf([]));
  const threeCalls = () => Promise.all([1, 2, 3].map(() => kubernetes.listPods({})));
  await threeCalls();
  const before = api.connections();
  breakConnections(before);
  await expect(threeCalls()).resolves.toEqual([[], [], []]);
  expect(failures).toEqual([]);
});

test('a request whose new connection breaks is an error, and not sent again', async () => {
  breakConnections(1);
  const error = await kubernetes.listPods({}).catch((thrown: unknown) => thrown);
  expect(kubernetesFailure(error).kind).toBe('unreachable');
  expect(api.requests).toHaveLength(1);
  expect(failures).toEqual([error]);
});

test('a request is sent again once', async () => {
  api.answer(() => listOf([]));
  await kubernetes.listPods({});
  breakConnections(2);
  const error = await kubernetes.listPods({}).catch((thrown: unknown) => thrown);
  expect(kubernetesFailure(error).kind).toBe('unreachable');
  expect(api.requests).toHaveLength(3);
});

test('an answer that does not begin within the time that its caller gives is an error', async () => {
  const { endpoint } = await startDeafServer('silent');
  const transport = apiTransport({ server: endpoint, authenticate: async () => {} });
  const { signal } = new AbortController();
  await expect(transport({ path: '/log', signal, answerTimeoutMs: 50 })).rejects.toThrow(
    `no answer to GET ${endpoint}/log in 50 ms`,
  );
});

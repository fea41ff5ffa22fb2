import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../../../support/wait.ts';
import { listOf, podObject } from './api-server.ts';
import { type ClientBed, startClientBed } from './client-bed.ts';

let api: ClientBed['api'];
let clock: ClientBed['clock'];
let kubernetes: ClientBed['kubernetes'];

beforeEach(async () => {
  ({ api, clock, kubernetes } = await startClientBed());
});
afterEach(() => api.stop());

/** Of all annotations of an object together: k8s.io/apimachinery, TotalAnnotationSizeLimitB. */
const MOST_ANNOTATED = 256 * 1024;

test('pods with the largest annotations that an API server takes are each read once', async () => {
  const annotations = { a: 'x'.repeat(MOST_ANNOTATED - 1) };
  const sent: string[] = [];
  api.answer(({ query }) => {
    const from = Number(query.continue ?? 0);
    const to = Math.min(150, from + Number(query.limit));
    const names = Array.from({ length: to - from }, (_, index) => `pod-${from + index}`);
    sent.push(...names);
    const pods = names.map((name) => ({
      ...podObject(name),
      metadata: {
        ...{ namespace: 'demo', name, uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
        annotations,
      },
    }));
    return listOf(pods, to < 150 ? String(to) : undefined);
  });
  const pods = await kubernetes.listPods({});
  expect(sent).toEqual(pods.map(({ name }) => name));
  expect(pods).toHaveLength(150);
});

/** Forty pods in pages of as many as are asked for, each with a megabyte that nobody needs. */
function answerLargePods(): void {
  const env = [{ name: 'LARGE', value: 'x'.repeat(1_000_000) }];
  api.answer(({ query }) => {
    const from = Number(query.continue ?? 0);
    const to = Math.min(40, from + Number(query.limit));
    const pods = Array.from({ length: to - from }, (_, index) => {
      const pod = podObject(`pod-${from + index}`);
      return { ...pod, spec: { nodeName: 'worker-a', containers: [{ env }] } };
    });
    return listOf(pods, to < 40 ? String(to) : undefined);
  });
}

test('pages of large pods are asked for again with fewer, and each pod is there once', async () => {
  answerLargePods();
  const pods = await kubernetes.listPods({});
  expect(new Set(pods.map(({ name }) => name)).size).toBe(40);
  expect(pods).toHaveLength(40);
  expect(pods.every(({ large = 0 }) => large > 1_000_000)).toBe(true);
  const limits = api.requests.map(({ query }) => Number(query.limit));
  expect(limits[0]).toBe(110);
  // A page of 32 Mi characters at most was read in vain, and the rest has some 8 Mi each.
  expect(limits.slice(1).every((limit) => limit <= 9)).toBe(true);
  expect(limits.length).toBeLessThan(10);
});

test('the next list of large pods begins with as few', async () => {
  answerLargePods();
  await kubernetes.listPods({});
  const before = api.requests.length;
  await kubernetes.listPods({ node: 'worker-a' });
  expect(Number(api.requests[before]?.query.limit)).toBeLessThanOrEqual(9);
});

test('a page that does not come in time is asked for with fewer in the next list', async () => {
  api.answer(() => undefined);
  const first = kubernetes.listPods({});
  const refused = expect(first).rejects.toThrow('no answer within 5000 ms');
  await eventually(() => api.requests.length).toBe(1);
  clock.advance(5_000);
  await refused;
  api.answer(() => listOf([podObject('a')]));
  await kubernetes.listPods({});
  expect(api.requests.map(({ query }) => query.limit)).toEqual(['110', '27']);
});

test('a list whose items become small again is read in as few pages as ever', async () => {
  answerLargePods();
  await kubernetes.listPods({});
  api.answer(({ query }) =>
    query.continue === 'last'
      ? listOf([])
      : listOf([podObject('a')], query.limit === '500' ? 'last' : 'more'),
  );
  await kubernetes.listPods({});
  expect(api.requests.at(-1)?.query.limit).toBe('500');
});

test('a page whose only object is too long is an error that says so', async () => {
  api.answer(() => listOf([{ ...podObject('a'), spec: { x: 'x'.repeat(33 * 1024 * 1024) } }]));
  await expect(kubernetes.listPods({})).rejects.toMatchObject({ errorCode: 'answer-too-long' });
});

test('of a network only a configuration of the usual length is kept', async () => {
  const network = (name: string, spec: object, annotations = {}) => ({
    metadata: { namespace: 'demo', name, uid: name, annotations },
    spec,
  });
  api.answer(() =>
    listOf([
      network('a', { config: 'x'.repeat(40_000) }),
      network('b', { config: { list: Array(40_000).fill(1) } }),
      network('c', { config: '{}' }, { 'multus-eni.dev/ranges': 'x'.repeat(40_000) }),
    ]),
  );
  expect(await kubernetes.listNetworkAttachmentDefinitions()).toMatchObject([
    { tooLong: 'spec.config: 40000 characters; at most 32768 are read' },
    { config: null },
    { tooLong: 'annotation multus-eni.dev/ranges: 40000 characters; at most 32768 are read' },
  ]);
});

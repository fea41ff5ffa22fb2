import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listOf, podObject } from './api-server.ts';
import { type ClientBed, startClientBed } from './client-bed.ts';

let api: ClientBed['api'];
let kubernetes: ClientBed['kubernetes'];

beforeEach(async () => {
  ({ api, kubernetes } = await startClientBed());
});
afterEach(() => api.stop());

const PODS = Array.from({ length: 200 }, (_, index) => podObject(`pod-${index}`));
const COMPRESSED = gzipSync(JSON.stringify(listOf(PODS).body));

function answerGzip(gzip: Buffer): void {
  api.answer(() => ({ body: undefined, gzip }));
}

test('a compressed list has each of its pods', async () => {
  answerGzip(COMPRESSED);
  const names = (await kubernetes.listPods({})).map(({ name }) => name);
  expect(names).toEqual(PODS.map((_, index) => `pod-${index}`));
});

test('a compressed list that ends early is no shorter list', async () => {
  answerGzip(COMPRESSED.subarray(0, -20));
  await expect(kubernetes.listPods({})).rejects.toThrow('unexpected end of file');
});

test('a list that is said to be compressed and is not is an error', async () => {
  answerGzip(Buffer.from(JSON.stringify(listOf(PODS).body)));
  await expect(kubernetes.listPods({})).rejects.toThrow('incorrect header check');
});

test('a short answer that grows without bound is read up to the longest page', async () => {
  const pod = { ...podObject('a'), spec: { x: 'x'.repeat(64 * 1024 * 1024) } };
  const bomb = gzipSync(JSON.stringify(listOf([pod]).body));
  expect(bomb.length).toBeLessThan(100_000);
  answerGzip(bomb);
  await expect(kubernetes.listPods({})).rejects.toMatchObject({ errorCode: 'answer-too-long' });
});

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { type ApiRequest, listOf, podObject, startScriptedApiServer } from './api-server.ts';

const COUNT = 100;
const MEGABYTE = 'x'.repeat(1_000_000);
/** Less than the definitions have, and less than the pods have. */
const HEAP_MIB = 60;

function network(name: string) {
  return { metadata: { namespace: 'demo', name, uid: name }, spec: { config: MEGABYTE } };
}

function pod(name: string) {
  return { ...podObject(name), spec: { containers: [{ env: [{ name: 'A', value: MEGABYTE }] }] } };
}

/** A page of as many objects as are asked for. */
function page({ path, query }: ApiRequest) {
  const make = path.endsWith('/pods') ? pod : network;
  const from = Number(query.continue ?? 0);
  const to = Math.min(COUNT, from + Number(query.limit));
  const objects = Array.from({ length: to - from }, (_, index) => make(`large-${from + index}`));
  return listOf(objects, to < COUNT ? String(to) : undefined);
}

test('a hundred definitions and a hundred pods of a megabyte are listed in a heap of 60 MiB', async () => {
  const api = await startScriptedApiServer();
  api.answer(page);
  const { server, caData } = api;
  const worker = new Worker(new URL('./large-list-worker.ts', import.meta.url), {
    workerData: { server, caData },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB, maxYoungGenerationSizeMb: 16 },
  });
  try {
    expect(await once(worker, 'message')).toEqual([{ networks: COUNT, pods: COUNT }]);
  } finally {
    await worker.terminate();
    await api.stop();
  }
});

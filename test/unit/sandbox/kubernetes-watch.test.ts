import { expect, test } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { connect, pod, watchPods } from './kubernetes-clients.ts';

test('a watch shows what came after its version, and what comes', async () => {
  const { kubernetes, config } = await connect();
  kubernetes.objects.create('pods', pod('before'));
  const from = kubernetes.store.version();
  kubernetes.objects.create('pods', pod('a'));
  const { seen } = await watchPods(config, { resourceVersion: String(from) });
  kubernetes.objects.patch('pods', { name: 'a' }, { metadata: { labels: { x: '1' } } });
  kubernetes.objects.delete('pods', { name: 'a' });
  await expect
    .poll(() => seen.map(({ type, name }) => `${type} ${name}`))
    .toEqual(['ADDED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a']);
  expect(seen.at(-1)?.version).toBe(String(kubernetes.store.version()));
});

test('a watch without a version begins with what there is', async () => {
  const { kubernetes, config } = await connect();
  kubernetes.objects.create('pods', pod('a'));
  const { seen } = await watchPods(config, {});
  await expect.poll(() => seen.map(({ type, name }) => `${type} ${name}`)).toEqual(['ADDED a']);
});

test('an object that comes to match a selector is added, one that ceases to is deleted', async () => {
  const { kubernetes, config } = await connect();
  const { objects } = kubernetes;
  const resourceVersion = String(kubernetes.store.version());
  const fieldSelector = 'status.phase=Running';
  const { seen } = await watchPods(config, { resourceVersion, fieldSelector });
  objects.create('pods', pod('a'));
  objects.create('pods', pod('waits'));
  for (const phase of ['Running', 'Succeeded']) {
    objects.patch('pods', { name: 'a' }, { status: { phase } }, { subresource: 'status' });
  }
  await expect
    .poll(() => seen.map(({ type, name }) => `${type} ${name}`))
    .toEqual(['ADDED a', 'DELETED a']);
});

test('bookmarks carry the newest version, on the clock and on demand', async () => {
  const clock = virtualClock();
  const { kubernetes, config } = await connect({ clock, bookmarkIntervalMs: 60_000 });
  const resourceVersion = String(kubernetes.store.version());
  const { seen } = await watchPods(config, { resourceVersion, allowWatchBookmarks: true });
  const plain = await watchPods(config, { resourceVersion });
  await expect.poll(() => kubernetes.watches.count()).toBe(2);
  kubernetes.objects.create('events', {
    metadata: { name: 'e' },
    involvedObject: { namespace: 'default' },
  });
  kubernetes.watches.bookmark();
  clock.advance(60_000);
  const bookmark = { type: 'BOOKMARK', version: String(kubernetes.store.version()) };
  await expect.poll(() => seen).toMatchObject([bookmark, bookmark]);
  expect(plain.seen).toEqual([]);
});

test('a version that is dropped is answered with one ERROR event 410, or as HTTP 410', async () => {
  const { kubernetes, config } = await connect({ historyLimit: 1 });
  for (const name of ['a', 'b']) kubernetes.objects.create('pods', pod(name));
  const { seen, ended } = await watchPods(config, { resourceVersion: '1' });
  await ended;
  expect(seen).toMatchObject([{ type: 'ERROR', code: 410 }]);
  kubernetes.watches.goneAsStatus = true;
  const refused = await watchPods(config, { resourceVersion: '1' });
  expect(await refused.ended).toMatchObject({ statusCode: 410 });
});

test('a compacted history can be watched from its newest version only', async () => {
  const { kubernetes, config } = await connect();
  const old = kubernetes.store.version();
  kubernetes.objects.create('pods', pod('a'));
  kubernetes.store.compact();
  const gone = await watchPods(config, { resourceVersion: String(old) });
  await expect.poll(() => gone.seen).toMatchObject([{ type: 'ERROR', code: 410 }]);
  const { seen } = await watchPods(config, {
    resourceVersion: String(kubernetes.store.version()),
  });
  await expect.poll(() => kubernetes.watches.count()).toBe(1);
  kubernetes.objects.create('pods', pod('b'));
  await expect.poll(() => seen).toMatchObject([{ type: 'ADDED', name: 'b' }]);
});

test('a watch ends after its timeoutSeconds', async () => {
  const clock = virtualClock();
  const { kubernetes, config } = await connect({ clock });
  const { ended } = await watchPods(config, { timeoutSeconds: 30 });
  await expect.poll(() => kubernetes.watches.count()).toBe(1);
  clock.advance(30_000);
  expect(await ended).toBeNull();
  expect(kubernetes.watches.count()).toBe(0);
});

test('watches end in order or break, when told to', async () => {
  const { kubernetes, config } = await connect();
  const first = await watchPods(config, {});
  await expect.poll(() => kubernetes.watches.count()).toBe(1);
  kubernetes.watches.breakAll();
  expect(await first.ended).toBeNull();
  const second = await watchPods(config, {});
  await expect.poll(() => kubernetes.watches.count()).toBe(1);
  kubernetes.watches.breakAll('reset');
  expect(await second.ended).toBeInstanceOf(Error);
});

test('a watch whose client went away is forgotten', async () => {
  const { kubernetes } = await connect();
  const gone = new AbortController();
  const request = new Request('https://kubernetes/api/v1/pods?watch=true', {
    headers: { authorization: 'Bearer sandbox-admin' },
    signal: gone.signal,
  });
  const response = await kubernetes.fetch(request);
  expect(kubernetes.watches.count()).toBe(1);
  await response.body?.cancel();
  expect(kubernetes.watches.count()).toBe(0);
});

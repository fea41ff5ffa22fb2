import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { KubeConfig } from '@kubernetes/client-node';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { watchPods } from '../../../../forwarder/watch/watch-pods.ts';
import { kubeConfigTransport } from '../../../../shared/cluster/authenticated-transport.ts';
import type { ApiTransport } from '../../../../shared/cluster/transport.ts';
import { type Clock, systemClock } from '../../../../shared/time/clock.ts';
import { startCluster } from '../cluster.ts';

/** Watches for one test; `pods` is what a follower of it believes that there is. */
function follow(kube: ApiTransport, clock: Clock = systemClock) {
  const pods = new Map<string, string>();
  const log: string[] = [];
  const failures: string[] = [];
  const ended = new AbortController();
  const done = watchPods({
    kube,
    sink: {
      onPod: ({ uid, name, node }) => void pods.set(uid, `${name}@${node}`),
      onDeleted: ({ uid }) => void pods.delete(uid),
      onListed(uids) {
        log.push('listed');
        for (const uid of pods.keys()) if (!uids.has(uid)) pods.delete(uid);
      },
    },
    events: {
      connected: (open) => void log.push(open ? 'open' : 'closed'),
      received: (type) => void log.push(type),
      relist: () => void log.push('relist'),
      unreadable: (detail) => void failures.push(detail),
      failed: ({ message }) => void failures.push(message),
    },
    clock,
    random: () => 0,
    signal: ended.signal,
  });
  onTestFinished(async () => {
    ended.abort();
    await done;
  });
  const count = (entry: string): number => log.filter((each) => each === entry).length;
  const seen = (): string[] => [...pods.values()].toSorted();
  return { log, failures, count, seen };
}

describe('the pods of a cluster', () => {
  test('are listed page by page, then followed', async () => {
    const { api, kube, createPod, removePod } = await startCluster();
    for (let n = 0; n < 300; n += 1) createPod(`p${n}`, 'a', []);
    const { seen, count } = follow(kube);
    await vi.waitFor(() => expect(count('open')).toBe(1));
    expect(seen()).toHaveLength(300);
    expect(api.calls.filter(({ verb }) => verb === 'list')).toHaveLength(2);
    createPod('new', 'b', []);
    for (let n = 0; n < 299; n += 1) removePod(`p${n}`);
    await vi.waitFor(() => expect(seen()).toEqual(['new@b', 'p299@a']));
    expect(count('listed')).toBe(1);
  });

  test('are listed compressed, and followed as they are', async () => {
    const { api, kube, createPod } = await startCluster();
    for (let n = 0; n < 1_000; n += 1) createPod(`p${n}`, 'a', [`10.0.0.${n % 250}`]);
    const characters = JSON.stringify(api.objects.list('pods')).length;
    const { seen, count } = follow(kube);
    await vi.waitFor(() => expect(count('open')).toBe(1));
    expect(seen()).toHaveLength(1_000);
    expect(api.sentBytes()).toBeLessThan(characters / 4);
    createPod('new', 'b', []);
    await vi.waitFor(() => expect(seen()).toContain('new@b'));
  });

  test.each(['end', 'reset'] as const)(
    'are followed on from where a watch ended (%s), bookmarks included',
    async (how) => {
      const { api, kube, createPod, removePod } = await startCluster();
      createPod('p1', 'a', []);
      const { seen, count } = follow(kube);
      await vi.waitFor(() => expect(count('open')).toBe(1));
      // Of other objects the watch hears nothing but the bookmark.
      for (let n = 0; n < 5; n += 1) api.objects.create('nodes', { metadata: { name: `n${n}` } });
      api.watches.bookmark();
      await vi.waitFor(() => expect(count('BOOKMARK')).toBe(1));
      api.store.compact();
      api.watches.breakAll(how);
      removePod('p1');
      createPod('p2', 'b', []);
      await vi.waitFor(() => expect(seen()).toEqual(['p2@b']));
      expect(count('listed')).toBe(1);
    },
  );

  test.each([true, false])(
    'are listed again if the watch missed changes (410 as a status: %s)',
    async (goneAsStatus) => {
      const { api, kube, createPod, removePod } = await startCluster();
      api.watches.goneAsStatus = goneAsStatus;
      createPod('p1', 'a', []);
      createPod('p2', 'a', []);
      const { seen, count } = follow(kube);
      await vi.waitFor(() => expect(count('open')).toBe(1));
      api.faults.goDown('unreachable');
      removePod('p1');
      createPod('p3', 'b', []);
      api.store.compact();
      api.faults.comeUp();
      await vi.waitFor(() => expect(seen()).toEqual(['p2@a', 'p3@b']), 5_000);
      expect(count('relist')).toBe(1);
      expect(count('listed')).toBe(2);
    },
  );

  test('are not taken for gone when only a part of a list can be had', async () => {
    const { api, kube, createPod } = await startCluster();
    for (let n = 0; n < 300; n += 1) createPod(`p${n}`, 'a', []);
    let pages = 0;
    api.faults.failNext(1, ({ verb }) => verb === 'list' && ++pages === 2);
    const { seen, count, failures } = follow(kube);
    await vi.waitFor(() => expect(count('listed')).toBe(1));
    expect(failures).toHaveLength(1);
    expect(seen()).toHaveLength(300);
  });

  test.each(['unreachable', 'error'] as const)(
    'are found again after the API server was down (%s)',
    async (how) => {
      const { api, kube, createPod } = await startCluster();
      api.faults.goDown(how);
      const { seen, failures } = follow(kube);
      await vi.waitFor(() => expect(failures.length).toBeGreaterThan(1));
      createPod('p1', 'a', []);
      api.faults.comeUp();
      await vi.waitFor(() => expect(seen()).toEqual(['p1@a']), 5_000);
    },
  );

  test('are asked for again, and the reason is told, while it is not allowed', async () => {
    const { api, kube, createPod } = await startCluster();
    createPod('p1', 'a', []);
    api.faults.failNext(2, ({ verb }) => verb === 'list', 403);
    const { seen, failures } = follow(kube);
    await vi.waitFor(() => expect(seen()).toEqual(['p1@a']), 5_000);
    expect(failures[0]).toMatch(/GET \/api\/v1\/pods.*403/);
  });
});

describe('an API server that answers nonsense', () => {
  const good = (name: string) => ({
    metadata: { namespace: 'default', name, uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: { nodeName: 'a' },
  });
  const bad = { metadata: { namespace: 'default', name: 'bad', uid: 'bad' }, spec: 7 };

  async function startServer(watch: (response: ServerResponse, nth: number) => void) {
    let watches = 0;
    const server = createServer((request, response) => {
      if (request.url?.includes('watch=true')) {
        watches += 1;
        watch(response, watches);
      } else {
        const metadata = { resourceVersion: '7' };
        response.end(JSON.stringify({ metadata, items: [bad, good('p1')] }));
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const config = new KubeConfig();
    const url = `http://127.0.0.1:${port}`;
    config.loadFromClusterAndUser(
      { name: 'nonsense', server: url, skipTLSVerify: true },
      { name: 'nobody' },
    );
    return kubeConfigTransport(config);
  }

  test('costs the pod that can not be read, and no other', async () => {
    const kube = await startServer((response) => {
      response.write(`${JSON.stringify({ type: 'MODIFIED', object: bad })}\n`);
      response.write(`${JSON.stringify({ type: 'ADDED', object: good('p2') })}\n`);
    });
    const { seen, failures, count } = follow(kube);
    await vi.waitFor(() => expect(seen()).toEqual(['p1@a', 'p2@a']));
    expect(failures).toEqual([
      expect.stringContaining('default/bad'),
      expect.stringContaining('default/bad'),
    ]);
    expect(count('relist')).toBe(0);
  });

  test('leads to another list if a line of a watch can not be read', async () => {
    const kube = await startServer((response, nth) => {
      if (nth === 1) response.end('{"type":"ADDED","obj\n');
      else response.write(`${JSON.stringify({ type: 'ADDED', object: good('p2') })}\n`);
    });
    const { seen, count } = follow(kube);
    await vi.waitFor(() => expect(seen()).toEqual(['p1@a', 'p2@a']));
    expect(count('listed')).toBe(2);
  });

  test('is asked ever more slowly if every watch is gone at once', async () => {
    const gone = JSON.stringify({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    const kube = await startServer((response) => response.end(`${gone}\n`));
    const waits: number[] = [];
    const { count } = follow(kube, {
      now: systemClock.now,
      monotonic: systemClock.monotonic,
      after(ms, task) {
        waits.push(ms);
        return systemClock.after(Math.min(ms, 1), task);
      },
    });
    await vi.waitFor(() => expect(count('relist')).toBeGreaterThan(12), 5_000);
    expect(waits.slice(0, 4)).toEqual([0, 400, 800, 1_600]);
    expect(Math.max(...waits)).toBe(10_000);
  });

  test('does not fill the memory', async () => {
    const kube = await startServer((response) => {
      const more = (): boolean => response.write('x'.repeat(1024 * 1024));
      response.on('drain', more);
      more();
    });
    const { count } = follow(kube);
    await vi.waitFor(() => expect(count('relist')).toBeGreaterThan(0), 10_000);
  });
});

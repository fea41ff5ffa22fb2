import { expect, test } from 'vitest';
import { type ApiServerUnderTest, apiServer, MERGE, PODS, podOf } from './api-server.ts';

const STRATEGIC = 'application/strategic-merge-patch+json';

const patchApp = (api: ApiServerUnderTest, path: string, change: object) =>
  api.send('PATCH', path, {
    body: { spec: { containers: [{ name: 'app', ...change }] } },
    type: STRATEGIC,
  });

test('of a pod’s spec an update changes images and little else', async () => {
  const api = await apiServer();
  const path = await api.make(PODS, podOf('nowhere'));
  expect((await patchApp(api, path, { image: 'newer' })).status).toBe(200);
  const version = await api.version(path);
  const refused = [
    await patchApp(api, path, { env: [{ name: 'A', value: '1' }] }),
    await patchApp(api, path, { command: ['sleep', 'inf'] }),
    await api.send('PATCH', path, { body: { spec: { nodeName: 'elsewhere' } }, type: MERGE }),
    await api.send('PATCH', path, { body: { spec: { hostNetwork: true } }, type: MERGE }),
    await api.send('PUT', path, {
      body: podOf(undefined, { name: path.slice(PODS.length + 1) }),
      type: 'application/json',
    }),
  ];
  for (const { status, body } of refused) {
    expect(status).toBe(422);
    expect(body.message).toContain('spec: Forbidden: pod updates may not change fields other than');
  }
  expect(await api.version(path)).toBe(version);
});

test('a pod has containers', async () => {
  const api = await apiServer();
  for (const spec of [{}, { containers: [] }, { container: [{ name: 'app', image: 'app' }] }]) {
    const body = { metadata: { name: 'without' }, spec };
    const refused = await api.send('POST', PODS, { body });
    expect(refused.status).toBe(422);
    expect(refused.body.message).toContain('spec.containers: Required value');
  }
});

import { expect, test } from 'vitest';
import { ADMIN_TOKEN } from '../../sandbox/kubernetes/authentication.ts';
import { connectedKubernetes } from '../support/sandbox-kubernetes.ts';
import { staleRead } from './harness/schedules.ts';
import { calmRun, everyCallNamed, type Kind, strike } from './matrix.ts';
import { WORKLOADS } from './workloads/index.ts';

const BACK = 5;

/** An API server whose cache lags behind, as it does for whoever does not ask for the newest. */
async function lagging() {
  const { api, kubernetes } = await connectedKubernetes();
  api.faults.serveStale(BACK);
  const cached = async (): Promise<unknown> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    const url = `${api.url}/api/v1/pods?resourceVersion=0`;
    const answer = await api.fetch(new Request(url, { headers }));
    return answer.json();
  };
  return { api, kubernetes, cached };
}

const NODE = { metadata: { name: 'a' }, spec: { providerID: 'aws:///us-east-1a/i-0a' } };
const NETWORK = { metadata: { name: 'net-1', namespace: 'default' }, spec: { config: '{}' } };
const POD = {
  metadata: { name: 'p', namespace: 'default' },
  spec: { nodeName: 'a', containers: [{ name: 'app', image: 'app' }] },
};

test('what releases rest on is read from etcd, whatever the API server’s cache shows', async () => {
  const { api, kubernetes, cached } = await lagging();
  api.objects.create('nodes', NODE);
  api.objects.create('network-attachment-definitions', NETWORK);
  api.objects.create('pods', POD);

  expect(await cached()).toMatchObject({ items: [] });
  expect(await kubernetes.listPods({ node: 'a' })).toMatchObject([{ name: 'p' }]);
  expect(await kubernetes.listPods({})).toMatchObject([{ name: 'p' }]);
  expect(await kubernetes.getNode('a')).toMatchObject({ name: 'a' });
  expect(await kubernetes.listNodes()).toMatchObject([{ name: 'a' }]);
  expect(await kubernetes.listNetworkAttachmentDefinitions()).toMatchObject([{ name: 'net-1' }]);
});

test('served from a cache that lags, a pod list would cost live pods their addresses', async () => {
  const stalePods: Kind = {
    name: 'stale pods',
    points: everyCallNamed('listPods'),
    trouble: (point) => staleRead(point, BACK),
  };
  const isLoss = (violation: string): boolean =>
    /unassigned .* who claimed it before/.test(violation);
  const findLoss = async (): Promise<string | undefined> => {
    for (const make of WORKLOADS) {
      const { failures } = await strike(make, await calmRun(make), stalePods);
      const found = failures.flatMap(({ violations }) => violations).find(isLoss);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  expect(await findLoss()).toBeDefined();
});

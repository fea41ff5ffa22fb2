import { expect, onTestFinished, test } from 'vitest';
import { startWorld, type World, type WorldCluster } from '../../sandbox/world.ts';
import { tokenTransport } from '../../shared/cluster/authenticated-transport.ts';
import { connectKubernetes } from '../../shared/cluster/client.ts';
import { kubernetesFailure } from '../../shared/cluster/errors.ts';
import type { Kubernetes } from '../../shared/cluster/kubernetes.ts';
import { eksToken } from '../../shared/cluster/token.ts';
import { systemClock } from '../../shared/time/clock.ts';

async function twoClusters() {
  const world = await startWorld({ clusters: ['demo', 'staging'] });
  onTestFinished(() => world.stop());
  const clusterNamed = (name: string): WorldCluster => {
    const cluster = world.clusters.get(name);
    if (cluster === undefined) throw new Error(`there is no cluster ${name}`);
    return cluster;
  };
  return { world, demo: clusterNamed('demo'), staging: clusterNamed('staging') };
}

/** The API server of `cluster`, called with the functions' token for the cluster of that name. */
function withTokenFor(name: string, world: World, { kubernetes }: WorldCluster): Kubernetes {
  const {
    AWS_REGION: region = '',
    AWS_ACCESS_KEY_ID: accessKeyId = '',
    AWS_SECRET_ACCESS_KEY: secretAccessKey = '',
  } = world.environment;
  const credentials = async () => ({ accessKeyId, secretAccessKey });
  return connectKubernetes({
    clock: systemClock,
    requestTimeoutMs: 5_000,
    transport: tokenTransport({
      server: kubernetes.url,
      caData: kubernetes.caData,
      async token() {
        const signed = await eksToken({ cluster: name, region, credentials, clock: systemClock });
        return signed.token;
      },
    }),
  });
}

test("a cluster's token is refused by every other cluster", async () => {
  const { world, demo, staging } = await twoClusters();
  await expect(withTokenFor('demo', world, demo).listPods({})).resolves.toEqual([]);
  const failure = await withTokenFor('demo', world, staging)
    .listPods({})
    .catch((error: unknown) => kubernetesFailure(error));
  expect(failure).toMatchObject({ kind: 'unauthorized' });
});

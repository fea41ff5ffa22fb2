import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchWorker } from '../../sandbox/worker.ts';
import { CONDITION_TYPE } from '../../shared/cluster/kubernetes.ts';
import { eksToken } from '../../shared/cluster/token.ts';
import { NET_1, networkStatus } from '../support/networks.ts';
import { eventually } from '../support/wait.ts';
import { eventsAbout, waitFor } from './support/pods.ts';
import { type RealBed, startRealBed } from './support/real-bed.ts';
import { definitionOf } from './support/workloads.ts';

/*
 * The API server asks EKS's token review who somebody is. It needs no nodes, and no root.
 */
describe('authentication by EKS on a real API server', () => {
  let real: RealBed;
  beforeAll(async () => {
    real = await startRealBed({ nodes: 0 });
  });
  afterAll(() => real?.stop());

  /** Who the API server takes the bearer of a token for. */
  const whoIs = (token: string) =>
    real.cluster.kubectl(['auth', 'whoami', '--output=json', `--token=${token}`]);
  const tokenOf = async (
    options: { cluster?: string; ageMs?: number; secretAccessKey?: string } = {},
  ) => {
    const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY = '' } =
      real.bed.world.environment;
    const { secretAccessKey = AWS_SECRET_ACCESS_KEY, ageMs = 0 } = options;
    const { token } = await eksToken({
      cluster: options.cluster ?? real.cluster.name,
      region: 'us-east-1',
      credentials: async () => ({ accessKeyId, secretAccessKey }),
      clock: { now: () => real.bed.world.clock.now() - ageMs },
    });
    return token;
  };

  test('the role of the functions is its access entry’s user, in its group', async () => {
    const { status } = JSON.parse(await whoIs(await tokenOf()));
    expect(status.userInfo).toMatchObject({
      username: 'multus-eni-reconciler',
      groups: ['multus-eni-reconciler', 'system:authenticated'],
    });
  });

  test.for([
    ['that has expired', { ageMs: 15 * 60_000 }],
    ['for another cluster', { cluster: 'other' }],
    ['signed with another key', { secretAccessKey: 'guessed' }],
  ] as const)('a token %s is refused', async ([, options]) => {
    await expect(whoIs(await tokenOf(options))).rejects.toThrow(/Unauthorized/);
  });

  test('a token is accepted to the end of its quarter of an hour', async () => {
    const said = await whoIs(await tokenOf({ ageMs: 15 * 60_000 - 30_000 }));
    expect(said).toContain('multus-eni-reconciler');
  });

  test('no right but those of the group comes with it', async () => {
    const token = await tokenOf();
    const may = (...what: string[]) =>
      real.cluster.kubectl(['auth', 'can-i', ...what, '--all-namespaces', `--token=${token}`]);
    expect((await may('list', 'pods')).trim()).toBe('yes');
    await expect(may('get', 'secrets')).rejects.toThrow(/no/);
    await expect(may('delete', 'pods')).rejects.toThrow(/no/);
  });

  test('the functions do their work with nothing else', async () => {
    const { bed, cluster } = real;
    const { ec2, subnets } = bed.world;
    const worker = launchWorker(ec2, {
      cluster: cluster.name,
      nodeSubnetId: subnets.node,
      enis: [{ deviceIndex: 1, subnetId: subnets.multus1 }],
    });
    const { api } = cluster;
    await api.create('nodes', {
      metadata: { name: worker.name },
      spec: { providerID: `aws:///us-east-1a/${worker.instanceId}` },
    });
    await api.create('network-attachment-definitions', definitionOf(NET_1));
    await real.startProduct();
    await api.create('pods', {
      metadata: {
        name: 'app',
        annotations: networkStatus([{ network: NET_1, ips: ['172.16.1.74'] }]),
      },
      spec: { nodeName: worker.name, containers: [{ name: 'app', image: 'app' }] },
    });

    const eth1 = worker.enis[1]?.id ?? '';
    await eventually(() => ec2.eni(eth1).secondary).toEqual(['172.16.1.74']);
    await waitFor(cluster, { name: 'app' }, CONDITION_TYPE);
    const reasons = async () => (await eventsAbout(cluster, 'app')).map(({ reason }) => reason);
    await eventually(reasons).toContain('IPsAssigned');

    await api.delete('pods', { namespace: 'default', name: 'app' }, { gracePeriodSeconds: 0 });
    await eventually(() => ec2.eni(eth1).secondary).toEqual([]);
  });
});

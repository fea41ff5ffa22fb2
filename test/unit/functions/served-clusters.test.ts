import { describe, expect, test } from 'vitest';
import { servedClusters } from '../../../functions/served-clusters.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { configFrom } from '../../../shared/config.ts';

const OWN = 'https://sqs/1/multus-eni-reconciler-prod.fifo';
const JOINED = 'https://sqs/1/multus-eni-reconciler-prod-edge.fifo';
const VARIABLES = {
  AWS_REGION: 'us-east-1',
  CLUSTERS: '[{ "name": "demo" }]',
  QUEUE_URL: OWN,
  DEAD_LETTER_QUEUE_URL: `${OWN}-dead`,
  SETTINGS_PATH: '/multus-eni-reconciler/prod/clusters/',
};
const SETTINGS = {
  policy: 'upsert-only',
  ranges: '172.16.1.0/24, 172.16.3.0/24',
  queueUrl: JOINED,
};

function served(parameters: Map<string, string>, variables: object = {}) {
  const clock = virtualClock();
  const reads: string[] = [];
  const read = async (name: string) => {
    reads.push(name);
    return parameters.get(name);
  };
  const config = configFrom({ ...VARIABLES, ...variables });
  return { clock, reads, parameters, clusters: servedClusters(config, read, clock) };
}

const EDGE = `${VARIABLES.SETTINGS_PATH}edge`;
const withSettings = (settings: object) => new Map([[EDGE, JSON.stringify(settings)]]);

describe('a cluster of the stage’s configuration', () => {
  test('is served from the stage’s own queue, and no settings are read for it', async () => {
    const { clusters, reads } = served(new Map());
    expect(await clusters.find('demo', OWN)).toMatchObject({
      config: { name: 'demo' },
      queueUrl: OWN,
    });
    expect(await clusters.find('demo', JOINED)).toBeUndefined();
    expect(reads).toEqual([]);
  });
});

describe('a cluster that joined', () => {
  test('is served from its own queue alone, as its settings say', async () => {
    const { clusters } = served(withSettings(SETTINGS));
    expect(await clusters.find('edge', JOINED)).toMatchObject({
      config: { name: 'edge', policy: { name: 'upsert-only' }, ranges: [{}, {}] },
      queueUrl: JOINED,
    });
    expect(await clusters.find('edge', OWN)).toBeUndefined();
    expect(await clusters.find('edge', `${JOINED}x`)).toBeUndefined();
    // Its own queue at another endpoint.
    expect(await clusters.find('edge', JOINED.replace('sqs', 'vpce-1'))).toBeDefined();
  });

  test('has its settings read once a minute, and is served by the new ones then', async () => {
    const { clock, clusters, parameters, reads } = served(withSettings(SETTINGS));
    await Promise.all([clusters.named('edge'), clusters.named('edge')]);
    parameters.set(EDGE, JSON.stringify({ ...SETTINGS, policy: 'dry-run' }));
    clock.advance(59_000);
    expect(await clusters.named('edge')).toMatchObject({
      config: { policy: { name: 'upsert-only' } },
    });
    expect(reads).toEqual([EDGE]);
    clock.advance(1_000);
    expect(await clusters.named('edge')).toMatchObject({ config: { policy: { name: 'dry-run' } } });
  });

  test.each<[string, Map<string, string>, RegExp]>([
    ['not JSON', new Map([[EDGE, '{']]), /^the settings of cluster edge are wrong: not JSON/],
    [
      'of an unknown policy',
      withSettings({ ...SETTINGS, policy: 'sink' }),
      /edge are wrong: policy: /,
    ],
    [
      'with a wrong range',
      withSettings({ ...SETTINGS, ranges: '10.0.0.0/99' }),
      /wrong: ranges: .*99/,
    ],
    ['without a queue', withSettings({ policy: 'sync' }), /wrong: queueUrl: /],
    ['with an unknown key', withSettings({ ...SETTINGS, polcy: 'sync' }), /wrong: .*polcy/],
  ])(
    'waits while its settings are %s, and is served once they are right',
    async (_, wrong, said) => {
      const { clusters, parameters, reads } = served(wrong);
      await expect(clusters.find('edge', JOINED)).rejects.toThrow(said);
      await expect(clusters.find('edge', JOINED)).rejects.toThrow(said);
      expect(reads).toHaveLength(2);
      parameters.set(EDGE, JSON.stringify(SETTINGS));
      expect(await clusters.find('edge', JOINED)).toBeDefined();
    },
  );
});

describe('a message of a cluster that its queue is not for can never be done', () => {
  test('when the cluster has no settings', async () => {
    const { clusters, parameters } = served(withSettings(SETTINGS));
    expect(await clusters.find('ghost', JOINED)).toBeUndefined();
    await expect(clusters.named('ghost')).rejects.toThrow(
      /^cluster ghost has no settings: there is no parameter .*\/clusters\/ghost/,
    );
    parameters.set(EDGE.replace('edge', 'ghost'), JSON.stringify(SETTINGS));
    expect(await clusters.find('ghost', JOINED)).toBeDefined();
  });

  test('when its settings are wrong, and name another queue', async () => {
    const { clusters } = served(withSettings({ ...SETTINGS, policy: 'sink' }));
    expect(await clusters.find('edge', `${JOINED}x`)).toBeUndefined();
    await expect(clusters.find('edge', JOINED)).rejects.toThrow(/edge are wrong: policy: /);
  });

  test('when no cluster can join the stage', async () => {
    const { clusters, reads } = served(new Map(), { SETTINGS_PATH: undefined });
    expect(await clusters.find('edge', JOINED)).toBeUndefined();
    expect(reads).toEqual([]);
  });
});

test('without a path, only clusters of the configuration are served', async () => {
  const { clusters, reads } = served(new Map(), { SETTINGS_PATH: undefined });
  await expect(clusters.named('edge')).rejects.toThrow('cluster edge is not configured');
  expect(reads).toEqual([]);
  const none = { ...VARIABLES, CLUSTERS: '[]', SETTINGS_PATH: undefined };
  expect(() => configFrom(none)).toThrow('CLUSTERS names no cluster, and SETTINGS_PATH is not set');
});

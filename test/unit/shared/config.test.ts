import { describe, expect, it } from 'vitest';
import { configFrom, joinedClusterFrom } from '../../../shared/config.ts';
import { DEFAULT_MANAGED_TAG } from '../../../shared/enis/ec2.ts';
import { POLICIES } from '../../../shared/plan/policy.ts';
import { rangeList } from './plan/fixtures.ts';

const GOOD = {
  AWS_REGION: 'eu-central-1',
  CLUSTERS: '[{ "name": "demo" }]',
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/nodes.fifo',
  DEAD_LETTER_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/dead.fifo',
};

describe('the configuration', () => {
  it('needs region, clusters and queues, and has defaults for the rest', () => {
    expect(configFrom(GOOD)).toEqual({
      region: 'eu-central-1',
      clusters: [{ name: 'demo', policy: POLICIES.sync }],
      queueUrl: GOOD.QUEUE_URL,
      deadLetterQueueUrl: GOOD.DEAD_LETTER_QUEUE_URL,
      managedTag: DEFAULT_MANAGED_TAG,
      ec2: { writers: 4 },
      maxReleaseShare: 0.3,
    });
  });

  it('takes ranges and a policy for each cluster, and a managed tag', () => {
    const clusters = [
      { name: 'a', ranges: ['172.16.1.0/24', '172.16.3.70-172.16.3.80'], policy: 'upsert-only' },
      { name: 'b', ranges: [], policy: 'dry-run' },
    ];
    const variables = { ...GOOD, CLUSTERS: JSON.stringify(clusters), MANAGED_TAG: 'team=net=1' };
    const config = configFrom(variables);
    expect(config.managedTag).toEqual({ key: 'team', value: 'net=1' });
    expect(config.clusters).toEqual([
      {
        name: 'a',
        ranges: rangeList('172.16.1.0/24', '172.16.3.70-172.16.3.80'),
        policy: POLICIES['upsert-only'],
      },
      { name: 'b', ranges: [], policy: POLICIES['dry-run'] },
    ]);
  });

  it('takes what is ours whether a pod claimed it or not, as a list or as a text', () => {
    const ours = ['172.16.1.16/28', '172.16.3.70'];
    const CLUSTERS = JSON.stringify([{ name: 'a', ours }]);
    const expected = { ours: rangeList(...ours) };
    expect(configFrom({ ...GOOD, CLUSTERS }).clusters[0]).toMatchObject(expected);
    const joined = (text: string) =>
      joinedClusterFrom('c', JSON.stringify({ queueUrl: GOOD.QUEUE_URL, ours: text }));
    expect(joined('172.16.1.16/28, 172.16.3.70')).toMatchObject(expected);
    expect(joined('').ours).toBeUndefined();
    expect(() => joined('all')).toThrow(/ours: /);
  });

  it('takes the namespaces that a block is kept for, and names a block that is none', () => {
    const clusterWith = (namespaces: object) =>
      configFrom({ ...GOOD, CLUSTERS: JSON.stringify([{ name: 'a', namespaces }]) }).clusters[0];
    const block = '10.0.8.0/24';
    const [range] = rangeList(block);
    expect(clusterWith({ [block]: ['core', 'ims-*'] })).toEqual({
      name: 'a',
      policy: POLICIES.sync,
      bindings: [{ block, range, namespaces: ['core', 'ims-*'] }],
    });
    expect(() => clusterWith({ '10.0.8.0/99': ['core'] })).toThrow(/10\.0\.8\.0\/99 is no range/);
  });

  it('has Nodes tell their room only if it says so, as a list or as texts', () => {
    const clusters = [
      { name: 'a', advertiseRoom: true },
      { name: 'b', advertiseRoom: false },
    ];
    const variables = { ...GOOD, CLUSTERS: JSON.stringify(clusters) };
    expect(configFrom(variables).clusters).toEqual([
      { name: 'a', policy: POLICIES.sync, advertisesRoom: true },
      { name: 'b', policy: POLICIES.sync },
    ]);
    const joined = (advertiseRoom?: string) =>
      joinedClusterFrom('c', JSON.stringify({ queueUrl: GOOD.QUEUE_URL, advertiseRoom }));
    expect(joined('true')).toMatchObject({ advertisesRoom: true });
    for (const text of ['false', undefined])
      expect(joined(text)).not.toHaveProperty('advertisesRoom');
    expect(() => joined('yes')).toThrow(/advertiseRoom: /);
  });

  it.each(Object.keys(GOOD))('names %s if it is not set', (name) => {
    const expected = `configuration: environment variable ${name} is not set`;
    expect(() => configFrom({ ...GOOD, [name]: undefined })).toThrow(expected);
  });

  it('names all that is missing at once', () => {
    expect(() => configFrom({})).toThrow(
      new RegExp(
        Object.keys(GOOD)
          .map((name) => `${name} is not set`)
          .join('.*'),
      ),
    );
  });

  const cluster = (spec: object): string => JSON.stringify([{ name: 'demo', ...spec }]);
  it.each([
    ['AWS_REGION', '', /AWS_REGION: /],
    ['QUEUE_URL', 'nodes.fifo', /QUEUE_URL: Invalid URL/],
    ['DEAD_LETTER_QUEUE_URL', '', /DEAD_LETTER_QUEUE_URL: Invalid URL/],
    ['CLUSTERS', 'demo', /CLUSTERS: not JSON/],
    ['CLUSTERS', '', /CLUSTERS: not JSON/],
    ['CLUSTERS', '{"name":"demo"}', /CLUSTERS: .*expected array/],
    ['CLUSTERS', '[]', /CLUSTERS names no cluster, and SETTINGS_PATH is not set/],
    ['CLUSTERS', '["demo"]', /CLUSTERS at 0: .*expected object/],
    ['CLUSTERS', '[{"name":""}]', /CLUSTERS at 0\.name: /],
    ['CLUSTERS', '[{"name":"a"},{"name":"a"}]', /CLUSTERS: each cluster is named once/],
    ['CLUSTERS', cluster({ policy: 'delete' }), /CLUSTERS at 0\.policy: .*upsert-only/],
    ['CLUSTERS', cluster({ range: [] }), /CLUSTERS at 0: .*"range"/],
    [
      'CLUSTERS',
      cluster({ ranges: ['172.16.1.0/33'] }),
      /CLUSTERS at 0\.ranges: .*172\.16\.1\.0\/33/,
    ],
    ['CLUSTERS', cluster({ ranges: '172.16.1.0/24' }), /CLUSTERS at 0\.ranges: .*expected array/],
    ['MANAGED_TAG', 'no_manage', /MANAGED_TAG: not of the form key=value/],
    ['MANAGED_TAG', '=true', /MANAGED_TAG: not of the form key=value/],
    ['EC2_BUDGET', '{"writers":0}', /EC2_BUDGET at writers: /],
    ['EC2_BUDGET', '{"writers":6,"share":0}', /EC2_BUDGET at share: /],
    ['EC2_BUDGET', '{"writers":6,"maxPerSecond":-1}', /EC2_BUDGET at maxPerSecond: /],
    ['EC2_BUDGET', '{"writers":6,"maxPerSecond":1000000}', /EC2_BUDGET at maxPerSecond: /],
    ['MANAGED_TAG', '', /MANAGED_TAG: not of the form key=value/],
  ])('names %s if it is %o', (name, value, expected) => {
    expect(() => configFrom({ ...GOOD, [name]: value })).toThrow(expected);
  });
});

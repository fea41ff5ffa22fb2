import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ConfigurationError, parseStage, readStage } from '../../../config/read.ts';
import { environment } from '../../../resources/environment.ts';
import { stackOf } from '../../../resources/stack.ts';
import { configFrom } from '../../../shared/config.ts';
import { serviceWith } from './service.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

function mistakesIn(text: string): string[] {
  try {
    parseStage(text, 'config/prod.yml');
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n');
    throw error;
  }
}

describe('a stage’s configuration', () => {
  test('needs a region; the rest has defaults, and clusters may join by themselves', () => {
    const settings = parseStage('region: eu-central-1\nclusters: [{ name: a }]\n', 'x.yml');
    expect(settings).toEqual({
      region: 'eu-central-1',
      clusters: [
        {
          name: 'a',
          advertiseRoom: false,
          access: 'access-entry',
          privateEndpoint: false,
          forwarder: {
            identity: 'pod-identity',
            namespace: 'multus-eni-reconciler',
            serviceAccount: 'multus-eni-forwarder',
            ownPodIdentityAgent: false,
          },
        },
      ],
      maxReleaseShare: 0.3,
      managedTag: 'node.k8s.amazonaws.com/no_manage=true',
      policy: 'sync',
      sweepMinutes: 5,
      concurrency: 4,
      leakedThreshold: 10,
      logRetentionDays: 30,
      deployment: { changeSets: false },
      memoryMiB: { reconcile: 512, sweep: 1024 },
      tracing: false,
      dashboard: true,
      fipsEndpoints: false,
    });
  });

  test('refuses a block that begins within itself, and says which block is meant', () => {
    const parse = (text: string) => () =>
      parseStage(`region: us-east-1\nranges: ['${text}']\n`, 'x.yml');
    expect(parse('172.16.1.70/24')).toThrow(/x\.yml:2:.*ranges: .*write 172\.16\.1\.0\/24/);
    expect(parse('2600:1f18::1/64')).toThrow('write 2600:1f18::/64');
    for (const text of ['172.16.1.0/24', '2600:1f18::/64', '172.16.1.70-172.16.1.80']) {
      expect(parse(text)).not.toThrow();
    }
  });

  test('keeps blocks for namespaces, for all clusters or for one', () => {
    const settings = parseStage(
      "region: us-east-1\nnamespaces: { '10.0.8.0/24': [core, 'ims-*'] }\n" +
        "clusters: [{ name: a }, { name: b, namespaces: { '10.0.9.0/24': [tests] } }]\n",
      'config/test.yml',
    );
    const { CLUSTERS } = environment('test', settings);
    expect(JSON.parse(CLUSTERS ?? '')).toMatchObject([
      { name: 'a', namespaces: { '10.0.8.0/24': ['core', 'ims-*'] } },
      { name: 'b', namespaces: { '10.0.9.0/24': ['tests'] } },
    ]);
    const wrong = (namespaces: string) =>
      mistakesIn(`region: us-east-1\nnamespaces: ${namespaces}\n`);
    expect(wrong("{ '10.0.8.0/99': [core] }")).not.toEqual([]);
    expect(wrong("{ '10.0.8.0/24': [] }")).not.toEqual([]);
    expect(wrong("{ '10.0.8.0/24': ['*-core'] }")).not.toEqual([]);
  });

  test.each(['eu-central-1', 'us-gov-west-1', 'cn-north-1', 'eusc-de-east-1', 'us-isob-east-1'])(
    'may be of %s',
    (region) => {
      expect(parseStage(`region: ${region}\n`, 'config/test.yml')).toMatchObject({ region });
    },
  );

  test('that is shipped shows the defaults', () => {
    const shipped = readFileSync(`${ROOT}config/example.yml`, 'utf8');
    // A line such as `# policy: sync`, and those that belong to it; prose ends with a full stop.
    const shown = shipped.replace(
      /^# (?=(policy|sweepMinutes|concurrency|leakedThreshold|logRetentionDays|managedTag|tracing|dashboard|fipsEndpoints): [^ ]+$)/gm,
      '',
    );
    expect(shown).not.toBe(shipped);
    expect(parseStage(shown, 'x.yml')).toEqual(parseStage(shipped, 'x.yml'));
  });

  test('is wrong at a line that is named, all mistakes at once', () => {
    const text = [
      'region: here',
      'clusters:',
      '  - name: demo',
      '    policy: sink',
      '    ranges: ["10.0.0.0/99"]',
      '    forwarder: { identity: irsa }',
      '  - name: demo',
      '    privateEndpoint: true',
      'sweepMinuts: 5',
    ].join('\n');
    expect(mistakesIn(text)).toEqual([
      'config/prod.yml:1:1: region: not a region, such as eu-central-1',
      expect.stringMatching(/^config\/prod.yml:4:5: clusters\[0\].policy: .*"upsert-only"/),
      expect.stringMatching(/^config\/prod.yml:5:5: clusters\[0\].ranges: .*10.0.0.0\/99/),
      expect.stringMatching(/^config\/prod.yml:6:5: clusters\[0\].forwarder: identity irsa and/),
      'config/prod.yml:9:1: sweepMinuts: unknown key',
    ]);
  });

  test.each([
    ['clusters: []', ':1:1: region: is missing'],
    ['region: eu-west-1\nclusters: demo', ':2:1: clusters: Invalid input: expected array'],
    [
      'region: eu-west-1\nclusters: [{ name: a }, { name: a }]',
      ':2:27: clusters[1].name: a is named twice',
    ],
    [
      'region: eu-west-1\nclusters: [{ name: a, privateEndpoint: true }]',
      ':2:23: clusters[0].privateEndpoint: the functions reach',
    ],
    [
      'region: eu-west-1\nclusters: [{ name: a }]\nlogRetentionDays: 31',
      ':3:1: logRetentionDays: CloudWatch',
    ],
    [
      'region: eu-west-1\nclusters: [{ name: a, forwarder: { serviceAccount: Our_Forwarder } }]',
      ':2:36: clusters[0].forwarder.serviceAccount: not a Kubernetes name',
    ],
    ['region: eu-west-1\nclusters: [{ name: a }', ':2:'],
    ['region: eu-west-1\nregion: eu-west-2', ':2:1: Map keys must be unique'],
    ['', ':1:1: Invalid input'],
  ])('%j is refused', (text, mistake) => {
    expect(mistakesIn(text).join('\n')).toContain(`config/prod.yml${mistake}`);
  });

  test('that is missing is named, with those that there are', () => {
    expect(() => readStage(ROOT, 'nowhere')).toThrow(
      /stage nowhere has no configuration: config\/nowhere\.yml is missing\. .*example/,
    );
  });
});

describe('what the functions are told', () => {
  test('is what they read', () => {
    const settings = parseStage(
      'region: us-east-1\npolicy: dry-run\nranges: [10.0.0.0/8]\nmanagedTag: mine=a=b\n' +
        'clusters: [{ name: a }, { name: b, policy: sync, ranges: [10.1.0.0/16] }]\n',
      'x.yml',
    );
    const config = configFrom({
      ...environment('prod', settings),
      AWS_REGION: 'us-east-1',
      QUEUE_URL: 'https://sqs/q',
      DEAD_LETTER_QUEUE_URL: 'https://sqs/d',
    });
    expect(config.managedTag).toEqual({ key: 'mine', value: 'a=b' });
    expect(config.clusters.map(({ name, policy }) => [name, policy.name])).toEqual([
      ['a', 'dry-run'],
      ['b', 'sync'],
    ]);
    expect(config.clusters[0]?.ranges).not.toEqual(config.clusters[1]?.ranges);
  });

  test('has to fit into Lambda’s environment', () => {
    const clusters = Array.from({ length: 150 }, (_, index) => ({ name: `cluster-${index}` }));
    const settings = parseStage(JSON.stringify({ region: 'us-east-1', clusters }), 'x.yml');
    expect(() => environment('prod', settings)).toThrow(
      /150 clusters take \d+ bytes .* stage of their own/,
    );
  });
});

test('more clusters than a stack can hold are refused before CloudFormation refuses them', () => {
  const clusters = Array.from({ length: 45 }, (_, index) => ({ name: `c${index}` }));
  const settings = parseStage(JSON.stringify({ region: 'us-east-1', clusters }), 'x.yml');
  expect(() => stackOf('prod', settings)).toThrow(/45 clusters make \d+ resources/);
});

describe('serverless', () => {
  test.each([
    ['package --stage prod', 'config/prod.yml:3:1: polcy: unknown key'],
    ['package --stage nope', 'stage nope has no configuration: config/nope.yml is missing'],
    [
      'package --stage good --region eu-west-1',
      '--region eu-west-1 is not the region of config/good.yml, us-east-1',
    ],
    ['deploy --stage example', 'config/example.yml is an example'],
  ])('%s tells what is wrong, and ends', async (command, message) => {
    const good = 'region: us-east-1\nclusters: [{ name: demo }]\n';
    const service = await serviceWith({ good, example: good, prod: `${good}polcy: sync\n` });
    onTestFinished(() => service.remove());
    const failure: unknown = await service.serverless(command.split(' ')).catch((error) => error);
    expect(failure).toMatchObject({ code: 1 });
    const output = JSON.stringify(failure) + String(failure);
    expect(output.split(message)).toHaveLength(2);
  });
});

test('another serverless than the pinned one is refused, by what to run', async () => {
  const service = await serviceWith({ good: 'region: us-east-1\nclusters: [{ name: demo }]\n' });
  onTestFinished(() => service.remove());
  const other = join(service.folder, 'serverless.mjs');
  const pinned = join(ROOT, 'node_modules/serverless/bin/serverless.js');
  await writeFile(other, `import ${JSON.stringify(pinned)};\n`);
  const failure: unknown = await service
    .node([other, 'package', '--stage', 'good'])
    .catch((error) => error);
  expect(failure).toMatchObject({ code: 1 });
  expect(JSON.stringify(failure)).toContain('this is not the serverless of package-lock.json');
  expect(JSON.stringify(failure)).toContain('npm run deploy -- --stage');
});

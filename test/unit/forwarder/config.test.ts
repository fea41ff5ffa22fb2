import { describe, expect, test } from 'vitest';
import { readConfig } from '../../../forwarder/config.ts';

const GOOD = {
  CLUSTER_NAME: 'demo',
  QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/pod-events.fifo',
  AWS_REGION: 'eu-central-1',
  POD_NAME: 'forwarder-5d9c-x2x4p',
  POD_NAMESPACE: 'multus-eni',
};

describe('the configuration', () => {
  test('needs the cluster, the queue, the region and the own pod', () => {
    expect(readConfig(GOOD)).toEqual({
      cluster: 'demo',
      queueUrl: GOOD.QUEUE_URL,
      region: 'eu-central-1',
      podName: 'forwarder-5d9c-x2x4p',
      namespace: 'multus-eni',
      leaseName: 'multus-eni-forwarder',
      httpPort: 8080,
      logLevel: 'info',
      outboxLimit: 10_000,
      proxy: {},
    });
  });

  test.each(Object.keys(GOOD))('names %s if it is missing or empty', (name) => {
    expect(() => readConfig({ ...GOOD, [name]: undefined })).toThrow(`${name}: `);
    expect(() => readConfig({ ...GOOD, [name]: '' })).toThrow(`${name}: `);
  });

  test.each([
    ['CLUSTER_NAME', 'two words'],
    ['QUEUE_URL', 'pod-events.fifo'],
    ['QUEUE_URL', 'https://sqs.eu-central-1.amazonaws.com/111122223333/pod-events'],
    ['AWS_REGION', 'Frankfurt'],
    ['HTTP_PORT', '65536'],
    ['HTTP_PORT', 'http'],
    ['LOG_LEVEL', 'loud'],
    ['OUTBOX_LIMIT', '0'],
  ])('names %s if it is %s', (name, value) => {
    expect(() => readConfig({ ...GOOD, [name]: value })).toThrow(`${name}: `);
  });

  test('names all that is wrong at once', () => {
    expect(() => readConfig({})).toThrow(/CLUSTER_NAME: .*QUEUE_URL: .*AWS_REGION: /);
  });

  test.each(['us-gov-west-1', 'cn-north-1', 'us-isob-east-1'])('knows the region %s', (region) => {
    expect(readConfig({ ...GOOD, AWS_REGION: region }).region).toBe(region);
  });
});

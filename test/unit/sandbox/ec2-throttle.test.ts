import {
  AssignPrivateIpAddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { startWorkers, type Workers } from '../../support/sandbox-ec2.ts';

const MOST = 200;

type Params = Readonly<Record<string, string>>;

const assign = ({ client, a }: Workers) =>
  client.send(
    new AssignPrivateIpAddressesCommand({
      NetworkInterfaceId: a,
      PrivateIpAddresses: ['172.16.1.90'],
    }),
  );

/**
 * Calls until EC2 throttles, at most 200 times; returns how many calls were let through, also
 * those that were refused for another reason: they have used their token.
 */
async function drain({ ec2 }: Workers, Action: string, params: Params = {}): Promise<number> {
  for (let count = 0; count < MOST; count += 1) {
    const { status, body } = await ec2.handle(
      new URLSearchParams({ Action, Version: '2016-11-15', ...params }),
    );
    if (!body.includes('<Code>RequestLimitExceeded</Code>')) continue;
    expect(status).toBe(503);
    return count;
  }
  return MOST;
}

const FILTERED: Params = { 'Filter.1.Name': 'subnet-id', 'Filter.1.Value.1': '*' };
const ENIS = 'DescribeNetworkInterfaces';

test.for([
  ['AssignPrivateIpAddresses', {}, 100, 5],
  ['UnassignPrivateIpAddresses', {}, 100, 5],
  ['AssignIpv6Addresses', {}, 100, 5],
  ['UnassignIpv6Addresses', {}, 50, 5],
  ['AssociateAddress', {}, 50, 5],
  ['DisassociateAddress', {}, 50, 5],
  ['CreateTags', {}, 100, 10],
  ['DeleteTags', {}, 100, 10],
  [ENIS, FILTERED, 100, 20],
  [ENIS, { MaxResults: '5' }, 100, 20],
  [ENIS, {}, 50, 10],
  [ENIS, { 'NetworkInterfaceId.1': 'eni-0' }, 50, 10],
  ['DescribeInstances', {}, 50, 10],
  ['DescribeInstances', { MaxResults: '5' }, 100, 20],
  ['DescribeSubnets', {}, 100, 20],
  ['DescribeInstanceTypes', {}, 100, 20],
  ['DescribeTags', {}, 100, 20],
] as const)('%s %j: %i tokens, %i a second', async ([action, params, tokens, refill]) => {
  const w = await startWorkers();
  w.ec2.throttle.enable();
  expect(await drain(w, action, params)).toBe(tokens);
  w.clock.advance(1000);
  expect(await drain(w, action, params)).toBe(refill);
  w.clock.advance(3_600_000);
  expect(await drain(w, action, params)).toBe(tokens);
});

test('each action has a bucket of its own, and nothing of a throttled call is done', async () => {
  const w = await startWorkers();
  const has = () => w.ec2.holderOf('172.16.1.90')?.eniId === w.a;
  w.ec2.throttle.enable({ AssignPrivateIpAddresses: { tokens: 0, refillPerSecond: 1 } });
  await expect(assign(w)).rejects.toMatchObject({
    name: 'RequestLimitExceeded',
    $metadata: { httpStatusCode: 503 },
  });
  expect(has()).toBe(false);
  await w.client.send(
    new UnassignPrivateIpAddressesCommand({
      NetworkInterfaceId: w.a,
      PrivateIpAddresses: ['172.16.1.74'],
    }),
  );
  w.ec2.throttle.disable();
  await assign(w);
  expect(has()).toBe(true);
});

test('the bucket for unbounded calls is beside that of the others', async () => {
  const w = await startWorkers();
  w.ec2.throttle.enable();
  expect(await drain(w, ENIS)).toBe(50);
  expect(await drain(w, ENIS, FILTERED)).toBe(100);
});

test('it is off unless enabled', async () => {
  const w = await startWorkers();
  expect(await drain(w, ENIS)).toBe(MOST);
});

test('whether there is a token can be asked without taking one', async () => {
  const { ec2 } = await startWorkers();
  const action = 'AssignPrivateIpAddresses';
  expect(ec2.throttle.has(action)).toBe(true);
  ec2.throttle.enable({ [action]: { tokens: 1, refillPerSecond: 0 } });
  expect([ec2.throttle.has(action), ec2.throttle.has(action)]).toEqual([true, true]);
  expect(ec2.throttle.take(action)).toBe(true);
  expect(ec2.throttle.has(action)).toBe(false);
});

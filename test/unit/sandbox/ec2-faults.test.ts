import {
  AssignPrivateIpAddressesCommand,
  DescribeAddressesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type EC2Client,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test, vi } from 'vitest';
import { ConnectionLost } from '../../../sandbox/ec2/engine.ts';
import { ec2Client } from '../../support/clients.ts';
import { startSandboxEc2, startWorkers, type Workers } from '../../support/sandbox-ec2.ts';

const assign = (w: Workers, address = '172.16.1.90') =>
  new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: w.a, PrivateIpAddresses: [address] });
const has = (w: Workers, address = '172.16.1.90') => w.ec2.holderOf(address)?.eniId === w.a;

describe('faults', () => {
  test('an error strikes its action as often as told, and nothing is done', async () => {
    const w = await startWorkers();
    w.ec2.faults.add({
      action: 'AssignPrivateIpAddresses',
      times: 2,
      effect: { kind: 'error', code: 'InternalError', status: 500 },
    });
    await w.client.send(new DescribeNetworkInterfacesCommand({}));
    const failure = { name: 'InternalError', $metadata: { httpStatusCode: 500 } };
    await expect(w.client.send(assign(w))).rejects.toMatchObject(failure);
    await expect(w.client.send(assign(w))).rejects.toMatchObject(failure);
    expect(has(w)).toBe(false);
    await w.client.send(assign(w));
    expect(has(w)).toBe(true);
  });

  test('a fault strikes once unless told otherwise, and only the calls that its predicate names', async () => {
    const w = await startWorkers();
    w.ec2.faults.add({
      when: ({ params }) => params['PrivateIpAddress.1'] === '172.16.1.91',
      effect: { kind: 'error', code: 'Unavailable', status: 503 },
    });
    await w.client.send(assign(w));
    await expect(w.client.send(assign(w, '172.16.1.91'))).rejects.toMatchObject({
      name: 'Unavailable',
    });
    await w.client.send(assign(w, '172.16.1.91'));
    expect(has(w, '172.16.1.91')).toBe(true);
  });

  test('a removed fault strikes no more', async () => {
    const w = await startWorkers();
    const effect = { kind: 'error', code: 'Unavailable', status: 503 } as const;
    const remove = w.ec2.faults.add({ times: Number.POSITIVE_INFINITY, effect });
    await expect(w.client.send(assign(w))).rejects.toMatchObject({ name: 'Unavailable' });
    await expect(w.client.send(assign(w))).rejects.toMatchObject({ name: 'Unavailable' });
    remove();
    await w.client.send(assign(w));
    expect(has(w)).toBe(true);
  });

  test('a time-out: nothing is done, and no answer comes until the caller gives up', async () => {
    const w = await startWorkers();
    w.ec2.faults.add({ effect: { kind: 'time-out' } });
    const giveUp = new AbortController();
    const sent = w.client.send(assign(w), { abortSignal: giveUp.signal });
    const settled = vi.fn();
    sent.then(settled, settled);
    await vi.waitFor(() =>
      expect(w.ec2.calls.all().map(({ outcome }) => outcome.kind)).toEqual(['timed-out']),
    );
    w.clock.advance(3_600_000);
    await w.client.send(new DescribeNetworkInterfacesCommand({}));
    expect(settled).not.toHaveBeenCalled();
    giveUp.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
    expect(has(w)).toBe(false);
  });

  test('a lost response: it is done, and the connection breaks', async () => {
    const w = await startWorkers();
    w.ec2.faults.add({ effect: { kind: 'lost-response' } });
    await expect(w.client.send(assign(w))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(has(w)).toBe(true);
    expect(w.ec2.calls.all().at(-1)?.outcome.kind).toBe('lost');
  });

  test('a delay: it is done that much later on the clock', async () => {
    const w = await startWorkers();
    w.ec2.faults.add({ effect: { kind: 'delay', ms: 300 } });
    const sent = w.client.send(assign(w));
    await vi.waitFor(() => expect(w.clock.nextTimer()).toBe(w.clock.now() + 300));
    w.clock.advance(299);
    expect(has(w)).toBe(false);
    w.clock.advance(1);
    await sent;
    expect(has(w)).toBe(true);
  });

  test('a delay comes together with another fault', async () => {
    const w = await startWorkers();
    w.ec2.faults.add({ effect: { kind: 'delay', ms: 300 } });
    w.ec2.faults.add({ effect: { kind: 'lost-response' } });
    const lost = expect(w.client.send(assign(w))).rejects.toMatchObject({ code: 'ECONNRESET' });
    await vi.waitFor(() => expect(w.clock.nextTimer()).toBeDefined());
    expect(has(w)).toBe(false);
    w.clock.advance(300);
    await lost;
    expect(has(w)).toBe(true);
  });
});

describe('the call log', () => {
  test('tells action, parameters, time and outcome of each call, and counts them', async () => {
    const w = await startWorkers();
    const heard: string[] = [];
    const stop = w.ec2.calls.subscribe(({ action }) => heard.push(action));
    await w.client.send(assign(w));
    w.clock.advance(50);
    await expect(w.client.send(assign(w, '10.0.0.9'))).rejects.toThrow();
    stop();
    await w.client.send(new DescribeNetworkInterfacesCommand({}));
    const params = { NetworkInterfaceId: w.a, 'PrivateIpAddress.1': '172.16.1.90' };
    const action = 'AssignPrivateIpAddresses';
    const at = w.clock.now();
    const id = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(w.ec2.calls.all().slice(0, 2)).toEqual([
      { action, params, at: at - 50, requestId: id, outcome: { kind: 'answered' } },
      {
        action,
        params: { ...params, 'PrivateIpAddress.1': '10.0.0.9' },
        at,
        requestId: id,
        outcome: { kind: 'refused', code: 'InvalidParameterValue' },
      },
    ]);
    expect(w.ec2.calls.counts()).toEqual({ [action]: 2, DescribeNetworkInterfaces: 1 });
    expect(heard).toEqual([action, action]);
    w.ec2.calls.clear();
    expect(w.ec2.calls.counts()).toEqual({});
  });
});

describe('what is not spoken here', () => {
  test('an action that the sandbox does not have', async () => {
    const { client } = await startSandboxEc2();
    for (const command of [new DescribeVpcsCommand({}), new DescribeAddressesCommand({})]) {
      await expect((client as Pick<EC2Client, 'send'>).send(command)).rejects.toMatchObject({
        name: 'InvalidAction',
      });
    }
  });

  test('a parameter that it does not know, and one that is missing', async () => {
    const w = await startWorkers();
    const { a: NetworkInterfaceId } = w;
    const send = (rest: object) =>
      w.client.send(new AssignPrivateIpAddressesCommand({ NetworkInterfaceId, ...rest }));
    await expect(
      send({ PrivateIpAddresses: ['172.16.1.90'], Ipv4PrefixCount: 2 }),
    ).rejects.toMatchObject({ name: 'UnknownParameter' });
    const unnamed = w.client.send(
      new UnassignPrivateIpAddressesCommand({ NetworkInterfaceId, PrivateIpAddresses: [] }),
    );
    await expect(unnamed).rejects.toMatchObject({
      name: 'MissingParameter',
      message: 'The request must contain the parameter PrivateIpAddress',
    });
  });

  test.for([
    ['for another region', 'Credential=AKID/20260101/eu-west-1/ec2/aws4_request'],
    ['for another service', 'Credential=AKID/20260101/us-east-1/sqs/aws4_request'],
    ['without a scope', 'Credential=AKID'],
  ] as const)('a request that is signed %s', async ([, credential]) => {
    const { ec2 } = await startSandboxEc2();
    const response = await fetch(ec2.endpoint, {
      method: 'POST',
      headers: { authorization: `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=h, Signature=0` },
      body: 'Action=DescribeSubnets&Version=2016-11-15',
    });
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('<Code>AuthFailure</Code>');
    expect(ec2.calls.all()).toEqual([]);
  });

  test('a client of another region', async () => {
    const { ec2 } = await startSandboxEc2();
    const client = ec2Client(ec2.endpoint, 'eu-west-1');
    await expect(client.send(new DescribeSubnetsCommand({}))).rejects.toMatchObject({
      name: 'AuthFailure',
    });
    client.destroy();
  });
});

describe('without a socket', () => {
  const query = (w: Workers) =>
    new URLSearchParams({
      Action: 'AssignPrivateIpAddresses',
      Version: '2016-11-15',
      NetworkInterfaceId: w.a,
      'PrivateIpAddress.1': '172.16.1.90',
    });

  test('the same answers', async () => {
    const w = await startWorkers();
    const { status, body } = await w.ec2.handle(query(w));
    expect(status).toBe(200);
    expect(body).toContain('<privateIpAddress>172.16.1.90</privateIpAddress>');
    expect(has(w)).toBe(true);
  });

  test('a lost response and a time-out reject', async () => {
    const w = await startWorkers();
    w.ec2.faults.add({ effect: { kind: 'lost-response' } });
    await expect(w.ec2.handle(query(w))).rejects.toBeInstanceOf(ConnectionLost);
    w.ec2.faults.add({ effect: { kind: 'time-out' } });
    const signal = AbortSignal.abort(new Error('given up'));
    await expect(w.ec2.handle(query(w), { signal })).rejects.toThrow('given up');
  });
});

test('stopping breaks a request that is under way', async () => {
  const w = await startWorkers();
  w.ec2.faults.add({ effect: { kind: 'time-out' } });
  const broken = expect(w.client.send(assign(w))).rejects.toMatchObject({ code: 'ECONNRESET' });
  await vi.waitFor(() => expect(w.ec2.calls.all()).toHaveLength(1));
  await w.ec2.stop();
  await broken;
});

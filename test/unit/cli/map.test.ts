import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { MapChange, MapData } from '../../../console/data.ts';
import { FLOATING_IPS, NETWORK_STATUS } from '../../../shared/cluster/annotations.ts';
import { NET_1 } from '../../support/networks.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { mapScene, SCENE, serveMap } from './map-bed.ts';
import { type OperatorBed, operatorBed } from './operator-bed.ts';

/** What a map was told, by the name of the event. */
async function* eventsOf(url: string): AsyncGenerator<{ name: string; data: unknown }> {
  const ending = new AbortController();
  onTestFinished(() => ending.abort());
  const { body } = await fetch(`${url}events`, { signal: ending.signal });
  let rest = '';
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    rest += chunk;
    const parts = rest.split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const [, name = '', data = ''] = /^event: (\S+)\ndata: (.*)$/.exec(part) ?? [];
      yield { name, data: JSON.parse(data) };
    }
  }
}

async function wholeOf(url: string): Promise<MapData> {
  for await (const { name, data } of eventsOf(url)) if (name === 'whole') return data as MapData;
  throw new Error('nothing was told');
}

async function written(operator: OperatorBed): Promise<string> {
  const folder = await temporaryFolder();
  const file = join(folder, 'map.html');
  const { code, stdout } = await operator.operate(['map', '--output', file]);
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining(file) });
  return readFile(file, 'utf8');
}

function dataIn(page: string): MapData {
  const [, json = ''] =
    /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(json);
}

describe('what the map is told', () => {
  test('has each address in the state that it is in', async () => {
    const operator = await mapScene();
    const { url } = await serveMap(operator);
    const { nodes, subnets } = await wholeOf(url);
    const all = nodes.flatMap(({ addresses }) => addresses);
    for (const [state, address] of Object.entries(SCENE)) {
      const found = all.filter((each) => each.address === address);
      expect(
        found.map((each) => each.state),
        address,
      ).toContain(state);
    }
    expect(all.filter(({ state }) => state === 'primary')).toHaveLength(6);
    const [conflict] = all.filter(({ state }) => state === 'conflict');
    expect(conflict).toMatchObject({
      pod: 'default/loser',
      interface: 'net1',
      network: 'default/net-1',
      since: expect.any(Number),
      text: expect.stringContaining('held by pod default/holder'),
    });
    expect(subnets.flatMap(({ blocks }) => blocks)).toEqual(
      expect.arrayContaining(['172.16.1.0/24', '172.16.3.0/24']),
    );
    const [a] = operator.workers;
    const eth1 = nodes.flatMap(({ enis }) => enis).find(({ id }) => id === a?.eth1);
    expect(eth1).toMatchObject({ device: 'eth1', managed: true, ipv4: { used: 5, limit: 10 } });
  });

  test('has the pods of which something is wrong that no address stands for', async () => {
    const operator = await operatorBed(1);
    const { cluster, workers } = operator;
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    await cluster.runPod('app', { on: a, annotations: { [FLOATING_IPS]: 'no list' } });
    const { nodes } = dataIn(await written(operator));
    expect(nodes.flatMap(({ troubles }) => troubles)).toMatchObject([
      { pod: 'default/app', text: expect.stringContaining('cannot be read') },
    ]);
  });

  test('is told again where something changes, and only of the node where it did', async () => {
    const operator = await operatorBed();
    const { cluster, workers, bed } = operator;
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    await cluster.applyNetwork(NET_1);
    await bed.startForwarder();
    bed.startDelivery();
    const { url } = await serveMap(operator);
    const events = eventsOf(url);
    expect((await events.next()).value).toMatchObject({ name: 'whole' });
    const pod = { on: a, networks: [{ network: NET_1, ips: ['172.16.1.70'] }] };
    await cluster.runPod('app', pod);
    for await (const { name, data } of events) {
      if (name !== 'change') continue;
      const { nodes } = data as MapChange;
      expect(nodes.map((node) => node.name)).toEqual([a.name]);
      const found = nodes[0]?.addresses.find(({ address }) => address === '172.16.1.70');
      if (found?.state === 'assigned') break;
    }
  });

  test('says why it cannot be read any more', async () => {
    const operator = await operatorBed(1);
    const { url } = await serveMap(operator);
    const events = eventsOf(url);
    await events.next();
    operator.bed.world.ec2.faults.add({
      action: 'DescribeNetworkInterfaces',
      times: 1_000,
      effect: { kind: 'error', code: 'UnauthorizedOperation' },
    });
    await operator.cluster.runPod('app', { on: { name: operator.workers[0]?.name ?? '' } });
    for await (const { name, data } of events) {
      if (name !== 'heard') continue;
      const { trouble } = data as { readonly trouble?: string };
      if (trouble === undefined) continue;
      expect(trouble).toContain('your role lacks this permission');
      break;
    }
  });

  test('ends with Ctrl-C, also while a page listens', async () => {
    const { url, stop } = await serveMap(await operatorBed(1));
    await wholeOf(url);
    expect(await stop()).toBe(130);
    await expect(fetch(url)).rejects.toThrow();
  });
});

/** Asks with headers that fetch would not let a caller set. */
async function ask(
  url: string,
  options: { method?: string; headers?: Record<string, string> } = {},
) {
  const sent = request(url, options).end();
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number | undefined;
    body: string;
    headers: Record<string, unknown>;
  }>();
  sent.on('error', reject);
  sent.on('response', async (response) =>
    resolve({ status: response.statusCode, body: await text(response), headers: response.headers }),
  );
  return promise;
}

describe('the server of the map', () => {
  test('listens on loopback, at an address that cannot be guessed', async () => {
    const { url } = await serveMap(await operatorBed(1));
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/$/);
    const { origin } = new URL(url);
    for (const path of ['/', '/events', '/favicon.ico', `${new URL(url).pathname}other`]) {
      expect((await ask(`${origin}${path}`)).status, path).toBe(404);
    }
  });

  test('answers its own Host and Origin alone', async () => {
    const { url } = await serveMap(await operatorBed(1));
    const { host, origin } = new URL(url);
    const status = async (headers: Record<string, string>) => (await ask(url, { headers })).status;
    expect(await status({ host, origin })).toBe(200);
    expect(await status({ host, 'sec-fetch-site': 'none' })).toBe(200);
    for (const other of ['evil.example', `evil.example:${host.split(':')[1]}`, '127.0.0.1:1']) {
      expect(await status({ host: other }), other).toBe(421);
    }
    for (const other of ['http://evil.example', 'null', `https://${host}`]) {
      expect(await status({ host, origin: other }), other).toBe(403);
    }
    expect(await status({ host, 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await status({ host, 'sec-fetch-site': 'same-site' })).toBe(403);
    const shown = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const framed = { ...shown, 'sec-fetch-dest': 'iframe' };
    expect(await status({ host, 'sec-fetch-site': 'cross-site', ...framed })).toBe(403);
    expect(await status({ host, 'sec-fetch-site': 'cross-site', ...shown })).toBe(200);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const { url } = await serveMap(await operatorBed(1));
    expect(await ask(url, { method })).toMatchObject({ status: 405, body: '' });
  });

  test('answers HEAD, and tells nothing by it', async () => {
    const { url } = await serveMap(await operatorBed(1));
    expect(await ask(url, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
    expect(await ask(`${url}events`, { method: 'HEAD' })).toMatchObject({ status: 404 });
  });

  test('sends a policy that lets the page load nothing and run its own script alone', async () => {
    const { url } = await serveMap(await operatorBed(1));
    const { headers, body } = await ask(url);
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(body).not.toMatch(/(src|href)="(?!data:,")/);
  });
});

describe('the map as a file', () => {
  test('has its data, its policy, and no link to anything', async () => {
    const operator = await operatorBed(2);
    const page = await written(operator);
    expect(dataIn(page).nodes.map(({ name }) => name)).toEqual(
      operator.workers.map(({ name }) => name).toSorted(),
    );
    expect(page).toContain('<meta http-equiv="Content-Security-Policy"');
    expect(page).not.toMatch(/<!--|(src|href)="(?!data:,")/);
  });

  test('is harmless whatever names and annotations say', async () => {
    const operator = await operatorBed(1);
    const { cluster, workers } = operator;
    const [a] = workers;
    if (a === undefined) throw new Error('a worker');
    const hostile = '</script><img src=x onerror=alert(1)>\u001b[31m\u202e<!--script-->$&';
    const entry = { name: `${hostile}${'x'.repeat(400)}`, interface: hostile.slice(9, 60) };
    const status = (ips: readonly string[], rest: string): string =>
      JSON.stringify([{ ...entry, ips, mac: '', dns: { domain: rest } }]);
    await cluster.applyNetwork(NET_1);
    const annotations = { [NETWORK_STATUS]: status(['172.16.1.70'], 'x'.repeat(200_000)) };
    // Else Multus would write it.
    await cluster.stopKubelet(a);
    await cluster.runPod('app', { on: a, annotations });
    const broken = { [NETWORK_STATUS]: `[${hostile.repeat(3_000)}` };
    await cluster.runPod('broken', { on: a, annotations: broken });
    const page = await written(operator);
    const [app] = dataIn(page).nodes.flatMap(({ addresses }) =>
      addresses.filter(({ pod }) => pod === 'default/app'),
    );
    expect(app?.interface).toContain('<img src=x onerror=alert(1)>');
    expect(page).not.toContain('<img');
    expect(page).not.toMatch(/[\p{Cf}]|\p{Cc}(?<!\n)/u);
    expect(page.match(/<\/script>/g)).toHaveLength(2);
    expect(page.length).toBeLessThan(100_000);
  });

  test('says what is wrong with where it is to be written', async () => {
    const operator = await operatorBed(1);
    const { code, stderr } = await operator.operate(['map', '--output', '/nonexistent/map.html']);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('ENOENT') });
    expect((await operator.operate(['map', '--port', '70000'])).code).toBe(2);
    const both = await operator.operate(['map', '--port', '1', '--output', 'x']);
    expect(both.stderr).toContain('cannot be used with');
  });
});

import { expect, onTestFinished, test } from 'vitest';
import { type VirtualClock, virtualClock } from '../../../sandbox/clock.ts';
import { type Imds, startImds } from '../../../sandbox/imds/server.ts';

const TTL = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN = 'x-aws-ec2-metadata-token';

async function start(): Promise<{ imds: Imds; clock: VirtualClock }> {
  const clock = virtualClock();
  const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' };
  const imds = await startImds({
    clock,
    instanceId: 'i-0abc',
    region: 'us-east-1',
    account: '111122223333',
    role: { name: 'worker', credentials },
  });
  onTestFinished(() => imds.stop());
  return { imds, clock };
}

const put = ({ endpoint }: Imds, headers: Record<string, string>) =>
  fetch(`${endpoint}/latest/api/token`, { method: 'PUT', headers });

const get = ({ endpoint }: Imds, path: string, token = '') =>
  fetch(endpoint + path, { headers: { [TOKEN]: token } });

test('nothing is told without a token, nor with one that has ended', async () => {
  const { imds, clock } = await start();
  const path = '/latest/meta-data/instance-id';
  expect((await get(imds, path)).status).toBe(401);
  const token = await (await put(imds, { [TTL]: '60' })).text();
  expect(await (await get(imds, path, token)).text()).toBe('i-0abc');
  clock.advance(60_000);
  expect((await get(imds, path, token)).status).toBe(401);
});

test('a token lives for a second to six hours, and is not given through a proxy', async () => {
  const { imds } = await start();
  expect((await put(imds, {})).status).toBe(400);
  expect((await put(imds, { [TTL]: '0' })).status).toBe(400);
  expect((await put(imds, { [TTL]: '21601' })).status).toBe(400);
  expect((await put(imds, { [TTL]: '21600' })).status).toBe(200);
  expect((await put(imds, { [TTL]: '60', 'x-forwarded-for': '10.0.0.1' })).status).toBe(403);
});

test('it tells of the instance and of its role, and else there is nothing', async () => {
  const { imds } = await start();
  const token = await (await put(imds, { [TTL]: '60' })).text();
  const text = async (path: string) => (await get(imds, path, token)).text();
  const document = JSON.parse(await text('/latest/dynamic/instance-identity/document'));
  expect(document).toMatchObject({ instanceId: 'i-0abc', region: 'us-east-1' });
  const role = await text('/latest/meta-data/iam/security-credentials/');
  const credentials = await text(`/latest/meta-data/iam/security-credentials/${role}`);
  expect(JSON.parse(credentials)).toMatchObject({ Code: 'Success', AccessKeyId: 'AKID' });
  expect((await get(imds, '/latest/meta-data/nothing', token)).status).toBe(404);
});

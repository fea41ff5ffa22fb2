import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { readInstance } from '../../../ip-manager/assign/instance.ts';
import { EXIT } from '../../../ip-manager/exit-code.ts';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { type Imds, type ImdsTrouble, startImds } from '../../../sandbox/imds/server.ts';
import { systemClock } from '../../../shared/time/clock.ts';

const INSTANCE = { instanceId: 'i-0abc', region: REGION, account: ACCOUNT };

async function start(trouble: ImdsTrouble = 'none'): Promise<Imds> {
  const imds = await startImds(INSTANCE);
  onTestFinished(() => imds.stop());
  imds.setTrouble(trouble);
  return imds;
}

/** Pauses are no matter of these tests. */
const clock = {
  ...systemClock,
  after: (_: number, task: () => void) => systemClock.after(0, task),
};

function read(endpoint: string, more: Record<string, string> = {}) {
  const env = { AWS_EC2_METADATA_SERVICE_ENDPOINT: endpoint, ...more };
  return readInstance(env, clock, new AbortController().signal);
}

test('the instance tells who it is, for a token', async () => {
  const imds = await start();
  expect(await read(imds.endpoint)).toEqual({ instanceId: 'i-0abc', region: REGION });
  expect(imds.requests).toEqual([
    'PUT /latest/api/token',
    'GET /latest/dynamic/instance-identity/document',
  ]);
});

test('an endpoint with a slash at its end is the same', async () => {
  const imds = await start();
  expect(await read(`${imds.endpoint}/`)).toMatchObject({ instanceId: 'i-0abc' });
});

test('a hop limit of 1 is named, and what to set', async () => {
  const imds = await start('hop-limit-1');
  await expect(read(imds.endpoint)).rejects.toMatchObject({
    exitCode: EXIT.noInstanceMetadata,
    message: expect.stringContaining('Raise HttpPutResponseHopLimit to 2'),
  });
  expect(imds.requests).toHaveLength(3);
});

test('a service that is switched off is named', async () => {
  const imds = await start('disabled');
  await expect(read(imds.endpoint)).rejects.toMatchObject({
    exitCode: EXIT.noInstanceMetadata,
    message: expect.stringContaining('HttpEndpoint'),
  });
});

test('a service that is not there is named', async () => {
  const imds = await startImds(INSTANCE);
  await imds.stop();
  await expect(read(imds.endpoint)).rejects.toMatchObject({
    exitCode: EXIT.noInstanceMetadata,
    message: expect.stringContaining('cannot be reached'),
  });
});

test('an answer that is of something else is none', async () => {
  const server = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await expect(read(`http://127.0.0.1:${port}`)).rejects.toMatchObject({
    exitCode: EXIT.noInstanceMetadata,
    message: expect.stringContaining('identity document cannot be read'),
  });
});

test('a service that the environment forbids is not asked', async () => {
  const imds = await start();
  await expect(read(imds.endpoint, { AWS_EC2_METADATA_DISABLED: 'true' })).rejects.toMatchObject({
    exitCode: EXIT.noInstanceMetadata,
  });
  expect(imds.requests).toEqual([]);
});

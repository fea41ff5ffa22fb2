import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test, vi } from 'vitest';
import {
  limitedCalls,
  limitedCredentials,
  requestLimits,
  unlogged,
} from '../../../shared/aws-calls.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { DEAF, startDeafServer } from '../../support/deaf-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const LIMITS = { connectMs: 300, requestMs: 300, callMs: 1_500 };
const LATE = expect.objectContaining({ name: 'TimeoutError' });
const settings = { region: 'us-east-1', requestHandler: requestLimits(LIMITS), maxAttempts: 1 };
const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' };
const list = () => new ListQueuesCommand({});

describe('a call on a service that is', () => {
  test.each(DEAF)('%s ends by itself', async (how) => {
    const { endpoint, requests } = await startDeafServer(how);
    const client = new SQSClient({ ...settings, endpoint, credentials: KEYS });
    const { send } = limitedCalls(client, systemClock, LIMITS);

    await expect(send(list())).rejects.toEqual(LATE);
    expect(requests()).toBe(1);
  });

  test.each(DEAF)('%s ends with its signal', async (how) => {
    const { endpoint, requests } = await startDeafServer(how);
    const client = new SQSClient({ region: 'us-east-1', endpoint, credentials: KEYS });
    const limited = limitedCalls(client, systemClock, { callMs: 3_600_000 });
    const ended = new AbortController();
    const sending = limited.send(list(), { abortSignal: ended.signal });
    await vi.waitFor(() => expect(requests()).toBe(1));
    ended.abort(new Error('enough'));

    await expect(sending).rejects.toThrow('enough');
  });

  test('silent is sent again as often as the client may, and no longer', async () => {
    const { endpoint, requests } = await startDeafServer('silent');
    const client = new SQSClient({ ...settings, maxAttempts: 3, endpoint, credentials: KEYS });
    const { send } = limitedCalls(client, systemClock, { callMs: 60_000 });

    await expect(send(list())).rejects.toEqual(LATE);
    expect(requests()).toBe(3);
  });
});

describe('credentials that are asked of', () => {
  test.each(DEAF)('a Pod Identity Agent that is %s come when it is well again', async (how) => {
    const agent = await startDeafServer(how);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${agent.endpoint}/v1/credentials`);
    const sqs = await startDeafServer('silent');
    sqs.hear({ QueueUrls: [] });
    const withChain = () => new SQSClient(settings);
    const credentials = limitedCredentials(withChain, systemClock, LIMITS.callMs);
    const client = new SQSClient({ ...settings, endpoint: sqs.endpoint, credentials });
    const { send } = limitedCalls(client, systemClock, LIMITS);

    await expect(send(list())).rejects.toEqual(LATE);
    agent.hear({
      AccessKeyId: 'test',
      SecretAccessKey: 'test',
      Token: 'test',
      Expiration: new Date(systemClock.now() + 3_600_000).toISOString(),
    });
    await vi.waitFor(() => send(list()), { timeout: 10_000 });
    expect(sqs.requests()).toBe(1);
  });

  test.each(DEAF)('an STS that is %s end by themselves', async (how) => {
    const sts = await startDeafServer(how);
    const directory = await temporaryFolder();
    await writeFile(join(directory, 'token'), 'token');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(directory, 'token'));
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::111122223333:role/forwarder');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.endpoint);
    const withChain = () => new SQSClient(settings);
    const credentials = limitedCredentials(withChain, systemClock, LIMITS.callMs);

    await expect(credentials()).rejects.toThrow();
    expect(sts.requests()).toBeGreaterThan(0);
  });
});

test('a client that is unlogged makes no copies of answers for a log', async () => {
  const { endpoint, hear } = await startDeafServer('silent');
  hear({ QueueUrls: [] });
  const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const client = new SQSClient({ ...settings, endpoint, credentials: KEYS, logger });
  await client.send(list());
  expect(logger.info).toHaveBeenCalledOnce();
  await unlogged(client).send(list());
  expect(logger.info).toHaveBeenCalledOnce();
});

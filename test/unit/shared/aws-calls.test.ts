import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, test, vi } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import {
  limitedCalls,
  limitedCredentials,
  requestLimits,
  unlogged,
} from '../../../shared/aws-calls.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { DEAF, failureAfter, startDeafServer } from '../../support/deaf-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const HOUR_MS = 3_600_000;
const PATIENT = { connectMs: HOUR_MS, requestMs: HOUR_MS, callMs: HOUR_MS };
const LATE = expect.objectContaining({ name: 'TimeoutError' });
const region = 'us-east-1';
const KEYS = { accessKeyId: 'test', secretAccessKey: 'test' };
const list = () => new ListQueuesCommand({});

/** A client whose requests end after 0.3 s of the machine's time, and its calls by no clock. */
function hasty(endpoint: string, maxAttempts: number): Pick<SQSClient, 'send'> {
  const requestHandler = requestLimits({ ...PATIENT, requestMs: 300 });
  const client = new SQSClient({
    region,
    requestHandler,
    maxAttempts,
    endpoint,
    credentials: KEYS,
  });
  return limitedCalls(client, virtualClock(), PATIENT);
}

describe('a call on a service that is', () => {
  for (const attempts of [1, 3]) {
    test.each(['silent', 'stopping'] as const)(
      `%s ends with its request, which is sent ${attempts} times at most`,
      async (how) => {
        const { endpoint } = await startDeafServer(how);
        const $metadata = expect.objectContaining({ attempts });
        const late = { name: 'TimeoutError', $metadata };
        await expect(hasty(endpoint, attempts).send(list())).rejects.toMatchObject(late);
      },
    );
  }

  test.each(DEAF)('%s ends by itself, whatever its requests do', async (how) => {
    const server = await startDeafServer(how);
    const { endpoint } = server;
    const clock = virtualClock();
    const requestHandler = requestLimits(PATIENT);
    const client = new SQSClient({ region, requestHandler, endpoint, credentials: KEYS });
    const { send } = limitedCalls(client, clock, { callMs: 1_500 });

    expect(await failureAfter(send(list()), server, clock, 1_500)).toEqual(LATE);
    expect(server.requests()).toBe(1);
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
});

describe('credentials that are asked of', () => {
  test.each(DEAF)('a Pod Identity Agent that is %s come when it is well again', async (how) => {
    const agent = await startDeafServer(how);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${agent.endpoint}/v1/credentials`);
    const sqs = await startDeafServer('silent');
    sqs.hear({ QueueUrls: [] });
    const clock = virtualClock();
    const credentials = limitedCredentials(() => new SQSClient({ region }), clock, 1_500);
    const client = new SQSClient({ region, endpoint: sqs.endpoint, credentials });
    const { send } = limitedCalls(client, clock, PATIENT);

    expect(await failureAfter(send(list()), agent, clock, 1_500)).toEqual(LATE);
    agent.hear({
      AccessKeyId: 'test',
      SecretAccessKey: 'test',
      Token: 'test',
      Expiration: new Date(systemClock.now() + HOUR_MS).toISOString(),
    });
    await send(list());
    expect(sqs.requests()).toBe(1);
  });

  test.each(DEAF)('an STS that is %s end by themselves', async (how) => {
    const sts = await startDeafServer(how);
    const directory = await temporaryFolder();
    await writeFile(join(directory, 'token'), 'token');
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', join(directory, 'token'));
    vi.stubEnv('AWS_ROLE_ARN', 'arn:aws:iam::111122223333:role/forwarder');
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.endpoint);
    const clock = virtualClock();
    const credentials = limitedCredentials(() => new SQSClient({ region }), clock, 1_500);

    expect(await failureAfter(credentials(), sts, clock, 1_500)).toEqual(LATE);
  });
});

test('a client that is unlogged makes no copies of answers for a log', async () => {
  const { endpoint, hear } = await startDeafServer('silent');
  hear({ QueueUrls: [] });
  const logger = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const client = new SQSClient({ region, endpoint, credentials: KEYS, logger });
  await client.send(list());
  expect(logger.info).toHaveBeenCalledOnce();
  await unlogged(client).send(list());
  expect(logger.info).toHaveBeenCalledOnce();
});

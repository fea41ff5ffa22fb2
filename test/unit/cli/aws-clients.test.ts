import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { ListQueuesCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { awsClients, eksClient } from '../../../cli/aws-clients.ts';
import { podsOf } from '../../../cli/cluster-pods.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { kubeconfigText } from '../../../sandbox/kubernetes/kubeconfig.ts';
import { type Clock, systemClock } from '../../../shared/time/clock.ts';
import { DEAF, startDeafServer } from '../../support/deaf-server.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { startScriptedApiServer } from '../shared/cluster/api-server.ts';

const LIMITS = { connectMs: 300, requestMs: 300, callMs: 1_500 };
const LATE = { name: 'TimeoutError' };

describe('a call of replay ends by itself where', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  });

  test.each(DEAF)('AWS is %s', async (how) => {
    const { endpoint } = await startDeafServer(how);
    vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
    const { sqs, cloudFormation } = awsClients('us-east-1', systemClock, LIMITS);

    await expect(sqs.send(new ListQueuesCommand({}))).rejects.toMatchObject(LATE);
    await expect(cloudFormation.send(new DescribeStacksCommand({}))).rejects.toMatchObject(LATE);
  });

  test.each(DEAF)('EKS is %s', async (how) => {
    const { endpoint, requests } = await startDeafServer(how);
    vi.stubEnv('AWS_ENDPOINT_URL_EKS', endpoint);
    const clock = virtualClock();
    const over = expect(podsOf({ cluster: 'demo' }, eksClient('us-east-1'), clock)).rejects;
    const told = over.toThrow(/^cluster demo: no answer within 15000 ms/);
    await vi.waitFor(() => expect(requests()).toBe(1));
    clock.advance(15_000);

    await told;
  });

  test('the API server of a kubeconfig does not answer', async () => {
    const api = await startScriptedApiServer();
    onTestFinished(() => api.stop());
    api.answer(() => undefined);
    const clock = virtualClock();
    const reading = read(clock, await kubeconfigFor(api.server, api.caData));
    await vi.waitFor(() => expect(api.requests).toHaveLength(1));
    clock.advance(15_000);

    await reading;
  });
});

/** Reads the pods by a kubeconfig, and expects that no answer comes. */
function read(clock: Clock, kubeconfig: string): Promise<void> {
  const reading = podsOf({ cluster: 'demo', kubeconfig }, eksClient('us-east-1'), clock);
  return expect(reading).rejects.toThrow(/^cluster demo: no answer within 15000 ms/);
}

async function kubeconfigFor(url: string, caData: string): Promise<string> {
  const path = join(await temporaryFolder(), 'config');
  await writeFile(path, kubeconfigText({ url, caData }));
  return path;
}

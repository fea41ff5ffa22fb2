import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { aws, type Clients, contextFor } from '../../../functions/context.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { configFrom } from '../../../shared/config.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { startBed } from '../../support/bed.ts';
import { DEAF, type Deaf, failureAfter, startDeafServer } from '../../support/deaf-server.ts';
import { recordedTelemetry } from '../../support/telemetry.ts';

const REGION = 'us-east-1';
const HOUR_MS = 3_600_000;
const LIMITS = { connectMs: 300, requestMs: 300, callMs: 1_500 };
/** By which no request of the SDK ends. */
const PATIENT = { connectMs: HOUR_MS, requestMs: HOUR_MS, callMs: HOUR_MS };
const LATE = expect.objectContaining({ name: 'TimeoutError' });

/** All of AWS is one server that is deaf. */
async function startDeaf(how: Deaf) {
  const server = await startDeafServer(how);
  for (const service of ['EC2', 'SQS', 'EKS']) {
    vi.stubEnv(`AWS_ENDPOINT_URL_${service}`, server.endpoint);
  }
  return server;
}

const describing = () => new DescribeNetworkInterfacesCommand({});
const sending = (endpoint: string) =>
  new SendMessageCommand({ QueueUrl: `${endpoint}/1/queue`, MessageBody: 'x' });

const CALLS: readonly (readonly [string, (clients: Clients, at: string) => Promise<unknown>])[] = [
  ['EC2', ({ ec2 }) => ec2.send(describing())],
  ['EC2, asked once', ({ ec2Once }) => ec2Once.send(describing())],
  ['SQS', ({ sqs }, endpoint) => sqs.send(sending(endpoint))],
  ['EKS', ({ kubernetesOf }) => kubernetesOf({ name: 'demo' })],
];

describe('a call of the functions on', () => {
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  });

  for (const [service, call] of CALLS) {
    test.each(['silent', 'stopping'] as const)(`${service}, which is %s, ends`, async (how) => {
      const { endpoint } = await startDeaf(how);
      await expect(call(aws(REGION, systemClock, LIMITS), endpoint)).rejects.toEqual(LATE);
    });
  }

  test('EKS is made anew by who asks for the cluster after one that hung', async () => {
    const { requests } = await startDeaf('dripping');
    const clock = virtualClock();
    const { kubernetesOf } = aws(REGION, clock, PATIENT);
    for (const asked of [1, 2]) {
      const asking = kubernetesOf({ name: 'demo' });
      expect(await failureAfter(asking, { requests }, clock, HOUR_MS)).toEqual(LATE);
      expect(requests()).toBe(asked);
    }
  });

  test.each(DEAF)('EC2, which is %s, holds up nobody who asks after it', async (how) => {
    const { requests } = await startDeaf(how);
    const clock = virtualClock();
    const { ec2 } = aws(REGION, clock, PATIENT);
    const taken = Promise.withResolvers<Clients>();
    const wrap = (clients: Clients): Clients => {
      taken.resolve(clients);
      return clients;
    };
    const { world, stop } = await startBed({ wrap });
    onTestFinished(stop);
    const config = configFrom(world.environment);
    const clients = { ...(await taken.promise), ec2 };
    const context = contextFor(config, clients, { clock, telemetry: recordedTelemetry() });
    const { config: demo } = await context.clusters.named('demo');
    const access = await context.accessTo(demo);
    for (const asked of [1, 2]) {
      // The second shares nothing with the first, which would be waited for otherwise.
      const looking = expect(access?.ec2.subnets.of(['subnet-1'])).rejects.toEqual(LATE);
      await vi.waitFor(() => expect(requests()).toBe(asked));
      clock.advance(30_000);
      await looking;
    }
  });
});

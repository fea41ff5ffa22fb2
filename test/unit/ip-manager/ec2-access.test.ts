import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ec2Clients } from '../../../ip-manager/assign/ec2-access.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { DEAF, failureAfter, startDeafServer } from '../../support/deaf-server.ts';

const HOUR_MS = 3_600_000;
const LIMITS = { connectMs: HOUR_MS, requestMs: HOUR_MS, callMs: 1_500 };
const REGION = 'us-east-1';
const LATE = { name: 'TimeoutError' };

const describing = () => new DescribeNetworkInterfacesCommand({});

describe.each(['client', 'once'] as const)('a call of ip-manager by %s ends by itself', (which) => {
  describe('where EC2', () => {
    beforeEach(() => {
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    });

    test.each(['silent', 'stopping'] as const)('is %s, with its requests', async (how) => {
      const ec2 = await startDeafServer(how);
      vi.stubEnv('AWS_ENDPOINT_URL_EC2', ec2.endpoint);
      const limits = { ...LIMITS, requestMs: 300 };
      const clients = ec2Clients(REGION, virtualClock(), { limits });

      await expect(clients[which].send(describing())).rejects.toMatchObject(LATE);
    });

    test.each(DEAF)('is %s, whatever its requests do', async (how) => {
      const ec2 = await startDeafServer(how);
      vi.stubEnv('AWS_ENDPOINT_URL_EC2', ec2.endpoint);
      const clock = virtualClock();
      const clients = ec2Clients(REGION, clock, { limits: LIMITS });

      const call = clients[which].send(describing());
      expect(await failureAfter(call, ec2, clock, LIMITS.callMs)).toMatchObject(LATE);
    });
  });

  test.each(DEAF)('where what gives it credentials is %s', async (how) => {
    const agent = await startDeafServer(how);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', agent.endpoint);
    const clock = virtualClock();
    const clients = ec2Clients(REGION, clock, { limits: LIMITS });

    const call = clients[which].send(describing());
    expect(await failureAfter(call, agent, clock, LIMITS.callMs)).toMatchObject(LATE);
  });
});

import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, test, vi } from 'vitest';
import { ec2Clients } from '../../../ip-manager/assign/ec2-access.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { DEAF, startDeafServer } from '../../support/deaf-server.ts';

const LIMITS = { connectMs: 300, requestMs: 300, callMs: 1_500 };
const LATE = { name: 'TimeoutError' };

describe('a call of ip-manager ends by itself where', () => {
  for (const which of ['client', 'once'] as const) {
    test.each(DEAF)(`EC2 is %s (${which})`, async (how) => {
      const ec2 = await startDeafServer(how);
      vi.stubEnv('AWS_ENDPOINT_URL_EC2', ec2.endpoint);
      vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
      const clients = ec2Clients('us-east-1', systemClock, { limits: LIMITS });

      const call = clients[which].send(new DescribeNetworkInterfacesCommand({}));
      await expect(call).rejects.toMatchObject(LATE);
    });

    test.each(DEAF)(`what gives it credentials is %s (${which})`, async (how) => {
      const agent = await startDeafServer(how);
      vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', agent.endpoint);
      const clients = ec2Clients('us-east-1', systemClock, { limits: LIMITS });

      const call = clients[which].send(new DescribeNetworkInterfacesCommand({}));
      await expect(call).rejects.toMatchObject(LATE);
      expect(agent.requests()).toBeGreaterThan(0);
    });
  }
});

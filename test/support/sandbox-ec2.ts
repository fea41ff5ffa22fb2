import type { EC2Client } from '@aws-sdk/client-ec2';
import { onTestFinished } from 'vitest';
import { type VirtualClock, virtualClock } from '../../sandbox/clock.ts';
import { type Ec2Server, startEc2 } from '../../sandbox/ec2/server.ts';
import { ec2Client } from './clients.ts';

export interface SandboxEc2 {
  readonly ec2: Ec2Server;
  readonly client: EC2Client;
  readonly clock: VirtualClock;
}

/** A strict EC2 and an SDK client that does not retry; both end with the test. */
export async function startSandboxEc2(): Promise<SandboxEc2> {
  const clock = virtualClock();
  const ec2 = await startEc2({ clock, region: 'us-east-1', account: '123456789012' });
  const client = ec2Client(ec2.endpoint);
  onTestFinished(async () => {
    client.destroy();
    await ec2.stop();
  });
  return { ec2, client, clock };
}

export interface Workers extends SandboxEc2 {
  readonly subnetId: string;
  /** Two workers' ENIs at device index 1 in 172.16.1.0/24: `a` has .74 and .75, `b` has .80. */
  readonly a: string;
  readonly b: string;
  readonly instanceA: string;
  readonly instanceB: string;
}

/** Two m5.large (3 interfaces with 10 addresses each), each with a second ENI in a dual-stack subnet. */
export async function startWorkers(): Promise<Workers> {
  const bed = await startSandboxEc2();
  const { ec2 } = bed;
  const nodes = ec2.addSubnet({ cidr: '172.16.0.0/24' });
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs: ['2001:db8:0:1::/64'] });
  const add = (primary: string, secondary: string[], ipv6: string[]) =>
    ec2.addInstance({
      type: 'm5.large',
      enis: [
        { deviceIndex: 0, subnetId: nodes },
        { deviceIndex: 1, subnetId, primary, secondary, ipv6 },
      ],
    });
  const workerA = add('172.16.1.10', ['172.16.1.74', '172.16.1.75'], ['2001:db8:0:1::74']);
  const workerB = add('172.16.1.20', ['172.16.1.80'], ['2001:db8:0:1::80']);
  return {
    ...bed,
    subnetId,
    a: workerA.enis[1]?.id ?? '',
    b: workerB.enis[1]?.id ?? '',
    instanceA: workerA.instanceId,
    instanceB: workerB.instanceId,
  };
}

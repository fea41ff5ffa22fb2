import { type Run, type RunOptions, runChecks } from '../../../conformance/run-checks.ts';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { createEc2 } from '../../../sandbox/ec2/engine.ts';
import type { Clock } from '../../../shared/time/clock.ts';
import { ec2ClientInProcess } from '../../support/clients.ts';

/** A clock that goes on by itself, and at once to where somebody waits for. */
export function hurriedClock(): Clock {
  let skipped = 0;
  return {
    now: () => Date.now() + skipped,
    monotonic: () => performance.now() + skipped,
    after(delayMs, task) {
      const immediate = setImmediate(() => {
        skipped += delayMs;
        task();
      });
      return () => clearImmediate(immediate);
    },
  };
}

/** An account with two subnets, a worker's ENIs in them, and runs of the checks. */
export function labBed(subnet: { readonly ipv6Cidrs?: readonly string[] } = {}) {
  const clock = hurriedClock();
  const ec2 = createEc2({ clock, region: REGION, account: ACCOUNT });
  const { ipv6Cidrs = ['2001:db8:0:1::/64'] } = subnet;
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24', ipv6Cidrs });
  const secondSubnetId = ec2.addSubnet({ cidr: '172.16.3.0/24' });
  const [, workers] = ec2.addInstance({
    type: 'm5.large',
    enis: [
      { deviceIndex: 0, subnetId: secondSubnetId },
      { deviceIndex: 1, subnetId, secondary: ['172.16.1.74', '172.16.1.75'] },
    ],
  }).enis;
  const clients = { client: ec2ClientInProcess(ec2, 3), once: ec2ClientInProcess(ec2) };
  const run = (options: Partial<RunOptions> = {}): Promise<Run> =>
    runChecks({ clients, clock, subnetId, secondSubnetId, drain: false, ...options });
  return { clients, clock, ec2, run, secondSubnetId, subnetId, worker: workers?.id ?? '' };
}

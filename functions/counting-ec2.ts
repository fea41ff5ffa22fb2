import { isThrottled } from '../shared/apply/ec2-errors.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import type { Telemetry } from '../shared/telemetry.ts';
import { observedEc2 } from './observed-ec2.ts';

/** An EC2 client whose calls, and the throttled ones among them, are counted for `cluster`. */
export function countingEc2(ec2: Ec2, cluster: string, telemetry: Telemetry): Ec2 {
  return observedEc2(ec2, (answer) => {
    telemetry.metric('Ec2Calls', cluster, 1);
    answer.catch((error: unknown) => {
      if (isThrottled(error)) telemetry.metric('Ec2Throttles', cluster, 1);
    });
  });
}

import { ALL_CLUSTERS, type Telemetry } from '../telemetry.ts';
import type { Ec2 } from './ec2.ts';
import { isThrottled } from './ec2-errors.ts';
import { assigns, writingActionOf } from './writing-actions.ts';

/**
 * An EC2 client whose calls are counted, for all clusters together as EC2's rates are the account's,
 * and the throttled ones among them for `cluster`.
 */
export function countingEc2(ec2: Ec2, cluster: string, telemetry: Telemetry): Ec2 {
  return {
    send: new Proxy(ec2.send.bind(ec2), {
      apply(target, self, args: unknown[]) {
        const answer: unknown = Reflect.apply(target, self, args);
        telemetry.metric('Ec2Calls', ALL_CLUSTERS, 1);
        Promise.resolve(answer).catch((error: unknown) => {
          if (isThrottled(error)) countThrottle(args[0], cluster, telemetry);
        });
        return answer;
      },
    }),
  };
}

/**
 * Assignments and releases are counted apart: they have buckets of their own, and pods wait for the
 * former.
 */
function countThrottle(command: unknown, cluster: string, telemetry: Telemetry): void {
  const action = writingActionOf(command);
  telemetry.metric('Ec2Throttles', cluster, 1);
  if (action === undefined) return;
  telemetry.metric(assigns(action) ? 'AssignThrottles' : 'UnassignThrottles', cluster, 1);
}

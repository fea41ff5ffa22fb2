import { ALL_CLUSTERS, type Telemetry } from '../telemetry.ts';
import type { Ec2 } from './ec2.ts';
import { isThrottled } from './ec2-errors.ts';

/**
 * An EC2 client whose calls are counted, for all clusters together as EC2's rates are the account's,
 * and the throttled ones among them for `cluster`.
 */
export function countingEc2(ec2: Ec2, cluster: string, telemetry: Telemetry): Ec2 {
  return {
    send: new Proxy(ec2.send.bind(ec2), {
      apply(target, self, args) {
        const answer: unknown = Reflect.apply(target, self, args);
        telemetry.metric('Ec2Calls', ALL_CLUSTERS, 1);
        Promise.resolve(answer).catch((error: unknown) => {
          if (isThrottled(error)) telemetry.metric('Ec2Throttles', cluster, 1);
        });
        return answer;
      },
    }),
  };
}

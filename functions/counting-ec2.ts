import { isThrottled } from '../shared/apply/ec2-errors.ts';
import type { Ec2 } from '../shared/enis/ec2.ts';
import type { Telemetry } from '../shared/telemetry.ts';

/** An EC2 client whose calls, and the throttled ones among them, are counted for `cluster`. */
export function countingEc2(ec2: Ec2, cluster: string, telemetry: Telemetry): Ec2 {
  const send = ec2.send.bind(ec2);
  const counting = new Proxy(send, {
    apply(target, self, args) {
      telemetry.metric('Ec2Calls', cluster, 1);
      const sent: unknown = Reflect.apply(target, self, args);
      if (sent instanceof Promise) {
        sent.catch((error: unknown) => {
          if (isThrottled(error)) telemetry.metric('Ec2Throttles', cluster, 1);
        });
      }
      return sent;
    },
  });
  return { send: counting };
}

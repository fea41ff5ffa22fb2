import type { Ec2 } from '../../shared/enis/ec2.ts';

/** The client of a reconcile that releases; what else it has of EC2 stays as it is. */
export interface NotingEc2 {
  readonly once: Ec2;
  /** Whether a call was made, whatever became of it. */
  wasUsed(): boolean;
}

/** An EC2 client that knows whether it was used. */
export function notingEc2(ec2: Ec2): NotingEc2 {
  let used = false;
  const once = {
    send: new Proxy(ec2.send.bind(ec2), {
      apply(target, self, args) {
        used = true;
        return Reflect.apply(target, self, args);
      },
    }),
  };
  return { once, wasUsed: () => used };
}

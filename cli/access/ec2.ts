import { EC2Client } from '@aws-sdk/client-ec2';
import { requestLimits } from '../../shared/aws-calls.ts';
import type { Ec2 } from '../../shared/enis/ec2.ts';
import { EniProtocol } from '../../shared/enis/eni-protocol.ts';
import { type Asking, countedCalls, LIMITS } from '../aws-clients.ts';

/** What only reads. */
const READS = /^(Describe|GetSubnetCidrReservations)/;

/** EC2 as an operator looks at it: what may change something is refused before it is sent. */
export function lookingEc2(region: string | undefined, asking: Asking): Ec2 {
  const ec2 = new EC2Client({
    region,
    requestHandler: requestLimits(LIMITS),
    protocol: EniProtocol,
  });
  const counted = countedCalls(ec2, asking);
  return {
    send: new Proxy(counted.send, {
      apply(target, self, args: unknown[]) {
        const [command] = args;
        const name = command instanceof Object ? command.constructor.name : '';
        if (!READS.test(name)) throw new Error(`this program sends no ${name}`);
        return Reflect.apply(target, self, args);
      },
    }),
  };
}

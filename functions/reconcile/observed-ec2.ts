import type { Ec2 } from '../../shared/enis/ec2.ts';

/** The same client; `onCall` is told of each call as it begins, with what becomes of it. */
export function observedEc2(ec2: Ec2, onCall: (answer: Promise<unknown>) => void): Ec2 {
  return {
    send: new Proxy(ec2.send.bind(ec2), {
      apply(target, self, args) {
        const answer: unknown = Reflect.apply(target, self, args);
        onCall(Promise.resolve(answer));
        return answer;
      },
    }),
  };
}

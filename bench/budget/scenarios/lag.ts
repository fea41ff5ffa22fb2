import { areReleased, assignWaits, beginWith, type Play, podsOnEach, untilEnd } from './played.ts';

const PODS_PER_NODE = 5;
const WINDOW_MS = 2_500;

/**
 * Within 2.5 seconds as many pods come as go, five on each node, while DescribeNetworkInterfaces shows
 * what was so some time ago. The waits are from `network-status` to the address.
 *
 * @param ms how far EC2's reads are behind.
 */
export function lagging(ms: number): Play {
  return async (stage) => {
    const { clock, random } = stage;
    const went = podsOnEach(stage, PODS_PER_NODE);
    await beginWith(stage, went);
    stage.ec2.setStaleness({ kind: 'time', ms });
    const came = podsOnEach(stage, PODS_PER_NODE);
    for (const pod of came) {
      clock.after(random() * WINDOW_MS, () => {
        pod.attach();
        clock.after(300, pod.run);
      });
    }
    for (const pod of went) {
      clock.after(random() * WINDOW_MS, () => {
        pod.terminate();
        clock.after(1_000 + 3_000 * random(), pod.remove);
      });
    }
    await untilEnd(
      stage,
      () => came.every((pod) => pod.isTold()) && areReleased(went) && stage.idle(),
    );
    return { seconds: stage.sinceBegin() / 1_000, waitsMs: assignWaits(came) };
  };
}

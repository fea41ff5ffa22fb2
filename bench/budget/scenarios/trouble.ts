import type { LoggedCall } from '../../../sandbox/ec2/calls.ts';
import type { BucketSize } from '../../../sandbox/ec2/throttle.ts';
import { countCalls } from '../figures.ts';
import type { BenchPod } from '../pods.ts';
import type { BenchStage } from '../stage.ts';
import { areReleased, assignWaits, beginWith, type Play, podsOnEach, untilEnd } from './played.ts';

const MINUTE_MS = 60_000;
const MINUTES = 10;
const PODS_PER_NODE = 3;
/** How long from pod to pod, while EC2 is in trouble. */
const EVERY_MS = 5_000;
const SLOW_MS = 5_000;
/** How long from one grab of tokens to the next: less than a token takes to come. */
const GRAB_MS = 100;

/** What EC2 does for ten minutes. */
export type Ec2Trouble = 'throttles-all' | 'is-slow' | 'has-raised-limits' | 'serves-another';

const ACTIONS = [
  ...['AssignPrivateIpAddresses', 'UnassignPrivateIpAddresses'],
  ...['DescribeNetworkInterfaces', 'DescribeSubnets', 'DescribeInstances', 'DescribeInstanceTypes'],
];

/**
 * Pods come, and as many go, for ten minutes in which EC2 is in trouble. The seconds are from the end
 * of the trouble until EC2 answers a call that assigns or unassigns. The waits are those of the pods
 * that came. The scenario ends when all is done.
 */
export function trouble(kind: Ec2Trouble): Play {
  return async (stage) => {
    const { clock } = stage;
    const there = podsOnEach(stage, PODS_PER_NODE);
    await beginWith(stage, there);
    const end = begin(stage, kind);
    const { came, went } = change(stage, there);
    await stage.drive(() => stage.sinceBegin() >= MINUTES * MINUTE_MS, 2 * MINUTES * MINUTE_MS);
    end();
    const endedAt = clock.now();
    await untilEnd(
      stage,
      () => stage.idle() && came.every((pod) => pod.isTold()) && areReleased(went),
    );
    const [served] = stage.ec2.calls.all().filter((call) => call.at >= endedAt && isServed(call));
    return {
      seconds: ((served?.at ?? endedAt) - endedAt) / 1_000,
      waitsMs: assignWaits(came),
      details: {
        'seconds until all was done': (clock.now() - endedAt) / 1_000,
        'throttled in the worst minute': throttledInWorstMinute(stage),
        'dead letters': stage.deadLetters(),
      },
    };
  };
}

/** Pods come and go, node by node. */
function change({ clock, pods, workers }: BenchStage, there: readonly BenchPod[]) {
  const came: BenchPod[] = [];
  const went = there.slice(0, (MINUTES * MINUTE_MS) / EVERY_MS);
  for (let index = 0; index * EVERY_MS < MINUTES * MINUTE_MS; index += 1) {
    clock.after(index * EVERY_MS, () => {
      const worker = workers[index % workers.length];
      if (worker === undefined) throw new Error('there is no worker');
      const pod = pods.create(worker);
      came.push(pod);
      clock.after(1_000, () => {
        pod.attach();
        clock.after(300, pod.run);
      });
      went[index]?.terminate();
      clock.after(1_000, () => went[index]?.remove());
    });
  }
  return { came, went };
}

/** @returns what ends it. */
function begin({ clock, ec2: { throttle }, latencies }: BenchStage, kind: Ec2Trouble): () => void {
  const forAll = (size: BucketSize) =>
    throttle.enable(Object.fromEntries(ACTIONS.map((action) => [action, size])));
  switch (kind) {
    case 'throttles-all':
      forAll({ tokens: 0, refillPerSecond: 0 });
      return () => throttle.enable();
    case 'is-slow': {
      const usual = { ...latencies };
      Object.assign(latencies, { ec2Read: SLOW_MS, ec2Write: SLOW_MS });
      return () => void Object.assign(latencies, usual);
    }
    case 'has-raised-limits':
      forAll({ tokens: 1_000, refillPerSecond: 50 });
      return () => {};
    case 'serves-another': {
      let ended = false;
      const grab = (): void => {
        for (const action of ACTIONS.slice(0, 2)) while (throttle.take(action));
        if (!ended) clock.after(GRAB_MS, grab);
      };
      grab();
      return () => {
        ended = true;
      };
    }
  }
}

function isServed({ action, outcome }: LoggedCall): boolean {
  return /^(Una|A)ssign/.test(action) && outcome.kind === 'answered';
}

function throttledInWorstMinute({ ec2, beganAt }: BenchStage): number {
  const minutes = Map.groupBy(ec2.calls.all(), ({ at }) =>
    Math.floor((at - beganAt()) / MINUTE_MS),
  );
  return Math.max(0, ...[...minutes.values()].map((calls) => countCalls(calls).throttled));
}

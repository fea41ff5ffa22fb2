import type { BenchPod } from '../pods.ts';
import type { BenchStage } from '../stage.ts';
import { areReleased, assignWaits, beginWith, type Play, podsOnEach, untilEnd } from './played.ts';

const PODS_PER_NODE = 10;
const SECONDS = 60;

/**
 * Each node has ten pods. For a minute pods come and go in turns. The seconds end when all that follows
 * is done. A wait is the time from `network-status` to the address.
 *
 * @param perSecond pods that come or go each second.
 */
export function churn(perSecond: number): Play {
  return async (stage) => {
    const pods = podsOnEach(stage, PODS_PER_NODE);
    await beginWith(stage, pods);
    const changes = perSecond * SECONDS;
    const { came, went } = startChanges(stage, pods, changes, perSecond);
    await untilEnd(
      stage,
      () =>
        came.length + went.length === changes &&
        stage.idle() &&
        came.every((pod) => pod.isTold()) &&
        areReleased(went),
    );
    return {
      seconds: stage.sinceBegin() / 1_000,
      waitsMs: assignWaits(came),
    };
  };
}

/** @returns the pods that came and were attached, and those that went, so far. */
function startChanges(
  stage: BenchStage,
  pods: readonly BenchPod[],
  changes: number,
  perSecond: number,
) {
  const { clock, random, workers } = stage;
  const there = [...pods];
  const load = new Map(workers.map(({ name }) => [name, PODS_PER_NODE]));
  const loadOf = (node: string): number => load.get(node) ?? 0;
  const came: BenchPod[] = [];
  const went: BenchPod[] = [];

  const come = (): void => {
    // On a node with most room, as a scheduler does, with some chance.
    const fewest = Math.min(...load.values());
    const roomy = workers.filter(({ name }) => loadOf(name) <= fewest + 1);
    const worker = roomy[Math.floor(random() * roomy.length)];
    if (worker === undefined) throw new Error('there is no worker');
    load.set(worker.name, loadOf(worker.name) + 1);
    const pod = stage.pods.create(worker);
    clock.after(1_000 + 1_000 * random(), () => {
      pod.attach();
      came.push(pod);
      clock.after(300, pod.run);
    });
  };
  const go = (): void => {
    const [pod] = there.splice(Math.floor(random() * there.length), 1);
    if (pod === undefined) throw new Error('there is no pod left');
    pod.terminate();
    clock.after(1_000 + 3_000 * random(), () => {
      pod.remove();
      load.set(pod.node, loadOf(pod.node) - 1);
      went.push(pod);
    });
  };
  for (let change = 0; change < changes; change += 1) {
    clock.after((change * 1_000) / perSecond, change % 2 === 0 ? come : go);
  }
  return { came, went };
}

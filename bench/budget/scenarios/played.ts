import type { BenchPod } from '../pods.ts';
import type { BenchStage } from '../stage.ts';

/** How a scenario went, once it has come to its end. */
export interface Played {
  readonly seconds: number;
  /** How long each of its addresses took. */
  readonly waitsMs: readonly number[];
  /** How long it took until each cluster was done. */
  readonly clusterSeconds?: readonly number[];
  /** For `--details`. */
  readonly details?: Readonly<Record<string, number>>;
}

/** Plays a scenario. @throws an Error if the scenario does not come to its end. */
export type Play = (stage: BenchStage) => Promise<Played>;

const LONGEST_MS = 3_600_000;

/** Waits for the end of a scenario. @throws an Error if the end does not come within an hour. */
export async function untilEnd({ drive }: BenchStage, ended: () => boolean): Promise<void> {
  if (!(await drive(ended, LONGEST_MS))) throw new Error('the scenario did not come to its end');
}

/** Notes when `state` was first seen, in milliseconds since the scenario began. */
export function firstSeen(stage: BenchStage, state: () => boolean): () => number | undefined {
  let at: number | undefined;
  return () => {
    if (at === undefined && state()) at = stage.sinceBegin();
    return at;
  };
}

/** `count` new pods on each node. */
export function podsOnEach({ workers, pods }: BenchStage, count: number): BenchPod[] {
  return workers.flatMap((worker) => Array.from({ length: count }, () => pods.create(worker)));
}

/** Waits until all of these pods run and are told of their addresses. */
export async function beginWith(stage: BenchStage, pods: readonly BenchPod[]): Promise<void> {
  for (const pod of pods) {
    pod.attach();
    pod.run();
  }
  await stage.begin(() => pods.every((pod) => pod.isTold()));
}

/** Whether every address of these pods was released. */
export function areReleased(pods: readonly BenchPod[]): boolean {
  return pods.every(({ addresses }) =>
    addresses.every(({ releasedMs }) => releasedMs !== undefined),
  );
}

/** How long from `network-status` to the address. */
export function assignWaits(pods: readonly BenchPod[]): number[] {
  return pods.flatMap(({ addresses }) =>
    addresses.map(({ assignedMs = Number.NaN }) => assignedMs),
  );
}

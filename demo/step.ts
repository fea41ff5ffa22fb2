import { until } from './expect.ts';
import { type DemoRow, rowsOfPodNamed } from './rows.ts';
import type { DemoStage } from './stage.ts';

/** A step of the demo, which verifies what it shows. */
export interface Step {
  readonly name: string;
  /** Returns lines to be shown. @throws Unexpected, or whatever went wrong. */
  readonly run: (stage: DemoStage) => Promise<readonly string[]>;
}

/** Waits until the table's rows of one pod are these. */
export async function untilRows(
  stage: DemoStage,
  pod: string,
  expected: readonly Omit<DemoRow, 'pod'>[],
): Promise<void> {
  const rows = expected.map((row) => ({ pod, ...row }));
  await until(`the addresses of ${pod}`, rows, () => rowsOfPodNamed(stage, pod));
}

/** Waits until every message of the queue is done. */
export async function untilQueueIsEmpty({ world }: DemoStage): Promise<void> {
  await until('messages in the queue', 0, () => world.sqs.messages(world.queue.name).length);
}

/** The worker's ENI at a device index. */
export function eniOf(
  worker: DemoStage['workers']['first'],
  deviceIndex: number,
): { readonly id: string; readonly subnetId: string } {
  const eni = worker.enis.find((each) => each.deviceIndex === deviceIndex);
  if (eni === undefined)
    throw new Error(`${worker.name} has no ENI at device index ${deviceIndex}`);
  return eni;
}

import { allEnded } from './all-ended.ts';

const AT_ONCE = 10;

/** Runs `task` for each item, some side by side: a node may have hundreds of pods. They begin in their order. */
export async function inTurns<T>(
  items: readonly T[],
  task: (item: T) => Promise<void>,
  atOnce = AT_ONCE,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await task(item);
  };
  await allEnded(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}

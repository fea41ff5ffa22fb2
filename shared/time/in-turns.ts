import { allEnded } from './all-ended.ts';

const AT_ONCE = 10;

/** Runs `task` for each item, some side by side: a node may have hundreds of pods. */
export async function inTurns<T>(
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await task(item);
  };
  await allEnded(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
}

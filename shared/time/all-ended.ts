/**
 * Waits until every task has ended, even if one failed, so that no call still writes when the caller
 * tries again.
 *
 * @throws the first task's error, in their order.
 */
export async function allEnded<T>(tasks: Iterable<Promise<T>>): Promise<T[]> {
  const results = await Promise.allSettled(tasks);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}

/**
 * Runs `task` for each item, one after another: one that fails does not keep the next from being run.
 *
 * @throws the first task's error, in their order.
 */
export async function eachInTurn<T>(
  items: Iterable<T>,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const ended: Promise<void>[] = [];
  for (const item of items) {
    const running = task(item);
    ended.push(running);
    await running.catch(() => undefined);
  }
  await allEnded(ended);
}

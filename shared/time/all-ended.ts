/**
 * Waits until every task has ended, also where one failed, so that no call still writes when the
 * caller tries again.
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

/**
 * Runs endless tasks side by side. When one of them fails the others are aborted and waited for.
 *
 * @throws what the first one threw.
 */
export async function untilOneFails(
  signal: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<never>)[],
): Promise<never> {
  const controller = new AbortController();
  const either = AbortSignal.any([signal, controller.signal]);
  const running = tasks.map((task) => task(either));
  try {
    return await Promise.race(running);
  } finally {
    controller.abort();
    await Promise.allSettled(running);
  }
}

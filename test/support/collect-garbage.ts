import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Everything that nothing holds is gone from the heap when it resolves.
 *
 * A collection of the usual flavor leaves code and caches that V8 would give up if it had to: megabytes.
 * What Node keeps of signals goes in a turn after the collection that found them unused.
 */
export async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('V8 offers no collection');
  for (let round = 0; round < 3; round += 1) {
    collect({ type: 'major', flavor: 'last-resort' });
    await setImmediate();
  }
}

import { PATHS } from '../../shared/cluster/paths.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { unlessAborted } from '../../shared/time/unless-aborted.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { readView, type View } from '../view/view.ts';

/** EC2 tells nobody of changes: without another sign of one, the cluster is read this often, ms. */
const EVERY_MS = 15_000;
/** For so long after a sign the cluster is read again and again, as EC2 follows later, ms. */
const STIRRED_MS = 10_000;
/**
 * After each read, so many times as long as it took nothing is read: the account's buckets stay
 * full.
 */
const REST = 3;
const SHORTEST_REST_MS = 250;
const WATCH_AGAIN_MS = 5_000;

export interface Follower {
  read(view: View): void;
  /** It could not be read, for this reason. */
  failed(reason: string): void;
}

/**
 * Reads a cluster again and again until `signal` is aborted: at once where a pod changes, and else every
 * fifteen seconds. A read that is under way then is not waited for, as a cluster may not answer.
 */
export async function follow(
  look: Look,
  clock: Clock,
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  const sign = signOfChange(clock);
  const watching = watchPods(look, clock, sign.give, signal);
  while (!signal.aborted) {
    await sign.come(EVERY_MS, signal);
    if (signal.aborted) break;
    const startedAt = clock.now();
    const reading = unlessRefused(look.access.cluster, () => readView(look.access));
    try {
      follower.read(await unlessAborted(reading, signal));
    } catch (error) {
      if (signal.aborted) break;
      follower.failed(error instanceof Error ? error.message : String(error));
    }
    const rest = Math.max(SHORTEST_REST_MS, REST * (clock.now() - startedAt));
    await sleep(clock, rest, signal).catch(() => undefined);
  }
  await watching;
}

/** Signs that something has changed, which a reader waits for. */
function signOfChange(clock: Clock) {
  let stirredUntil = 0;
  let isFresh = false;
  let wake = (): void => {};
  return {
    give(): void {
      stirredUntil = clock.now() + STIRRED_MS;
      isFresh = true;
      wake();
    },
    /** Returns at once where there was one since it last returned, or not long ago; else after a while. */
    async come(mostMs: number, signal: AbortSignal): Promise<void> {
      if (!isFresh) {
        const waiting = new AbortController();
        wake = () => waiting.abort();
        const wait = clock.now() < stirredUntil ? 1_000 : mostMs;
        await sleep(clock, wait, AbortSignal.any([signal, waiting.signal])).catch(() => undefined);
      }
      isFresh = false;
    },
  };
}

/** Whoever may not watch pods sees changes when it is read anyway. */
async function watchPods(
  { api }: Look,
  clock: Clock,
  told: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await api.watch(PATHS.pods, told, signal).catch(() => undefined);
    await sleep(clock, WATCH_AGAIN_MS, signal).catch(() => undefined);
  }
}

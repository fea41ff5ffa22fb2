import type { Clock, Random } from '../../shared/time/clock.ts';
import type { ElectionTimes } from './leader.ts';

/** A replica that has not seen the pods for longer than this is not fit to lead, ms. */
const LONGEST_BLIND_MS = 60_000;
/** A replica that fails again and again stands back for longer: at most so many times as long as at first. */
const LONGEST_STAND_BACK = 8;

/**
 * Whether this replica is fit to lead. Where SQS takes nothing from it, it leaves the lead to others
 * for a while, if there are any. Where it does not see the pods, it does not lead at all.
 */
export interface Fitness {
  /** A watch is open, or none is any more. */
  sees(open: boolean): void;
  /** The API server told of something. */
  heard(): void;
  /** Seconds since it last did; absent before it first did. */
  lastEventAgeSeconds(): number | undefined;
  /** SQS has taken something. */
  sent(): void;
  /** SQS has taken nothing for too long. */
  stuck(): void;
  /** It has not seen the pods for too long. */
  blind(): boolean;
  /** For how long a free Lease is left to others, ms. */
  reluctance(): number;
  /** Why it is not fit to lead; `undefined` where it is. */
  problem(): string | undefined;
}

export function createFitness(clock: Clock, random: Random, times: ElectionTimes): Fitness {
  let blindSince: number | undefined = clock.now();
  let lastEvent: number | undefined;
  let failures = 0;
  let standsBackUntil = 0;

  const blind = (): boolean =>
    blindSince !== undefined && clock.now() - blindSince > LONGEST_BLIND_MS;
  const standsBack = (): boolean => clock.now() < standsBackUntil;

  return {
    sees(open) {
      if (open) blindSince = undefined;
      else blindSince ??= clock.now();
    },
    heard() {
      lastEvent = clock.now();
    },
    lastEventAgeSeconds: () =>
      lastEvent === undefined ? undefined : (clock.now() - lastEvent) / 1_000,
    sent() {
      failures = 0;
      standsBackUntil = 0;
    },
    stuck() {
      const longer = Math.min(2 ** failures, LONGEST_STAND_BACK) * (1 + random() / 2);
      failures += 1;
      standsBackUntil = clock.now() + times.standBack * longer;
    },
    blind,
    reluctance: () => (blind() ? Infinity : standsBack() ? times.leaseDuration : 0),
    problem() {
      if (blind()) return 'the pods can not be watched';
      return standsBack() ? 'SQS took nothing when this replica led last' : undefined;
    },
  };
}

import type { Clock, Random } from '../../shared/time/clock.ts';
import type { ElectionTimes } from './leader.ts';

/** How long a replica may not see the pods, and still is fit to lead. */
const LONGEST_BLIND_MS = 60_000;
/** A replica that fails again and again stands back for longer: at most this many times the first pause. */
const LONGEST_STAND_BACK = 8;

/**
 * Whether this replica is fit to lead. If SQS takes nothing from it, it leaves the lead to others for a
 * while, if there are any. If it does not see the pods, it does not lead at all.
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
  /** How many milliseconds this replica leaves a free Lease to others. */
  reluctance(): number;
  /** Why it is not fit to lead; `undefined` if it is. */
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

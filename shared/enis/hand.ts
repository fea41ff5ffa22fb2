import type { Clock } from '../time/clock.ts';

/** How long calls that were booked and not sent are kept. */
const KEPT_MS = 5_000;

/** Tokens that were booked and not spent. */
interface Grant {
  readonly dueAt: number;
  tokens: number;
}

/** What one execution has booked, and what of it is spoken for. All times are ms of the monotonic clock. */
export interface Hand {
  add(dueAt: number, tokens: number): void;
  /** Tokens that nobody has reserved, also those that are due later. */
  free(): number;
  /** Those of them that are due. */
  freeNow(): number;
  /** When this many more can be reserved; `undefined`: too few are booked. */
  dueAt(tokens: number): number | undefined;
  /** Reserves tokens; a negative number ends that, also for those that were spent. */
  reserve(tokens: number): void;
  spend(): void;
  /** Drops what is due and nobody has reserved. @returns how many tokens. */
  dropDue(): number;
}

export function createHand(clock: Clock): Hand {
  let grants: Grant[] = [];
  /** Sent without a booking. */
  let owed = 0;
  /** Reserved and not sent. */
  let reserved = 0;
  /** Sent of what is reserved, until it is given back. */
  let sent = 0;
  const keep = (): void => {
    grants = grants.filter(
      ({ dueAt, tokens }) => tokens > 0 && clock.monotonic() - dueAt < KEPT_MS,
    );
  };
  const sumOf = (some: readonly Grant[]): number =>
    some.reduce((sum, { tokens }) => sum + tokens, 0);
  const due = (): Grant[] => grants.filter(({ dueAt }) => dueAt <= clock.monotonic());

  return {
    add(dueAt, tokens) {
      const paid = Math.min(owed, tokens);
      owed -= paid;
      // What was saved up is ours from now on.
      grants.push({ dueAt: Math.max(dueAt, clock.monotonic()), tokens: tokens - paid });
      grants.sort((a, b) => a.dueAt - b.dueAt);
    },
    free() {
      keep();
      return sumOf(grants) - owed - reserved;
    },
    freeNow() {
      keep();
      return sumOf(due()) - owed - reserved;
    },
    dueAt(tokens) {
      keep();
      let sum = -owed - reserved;
      if (sum >= tokens) return clock.monotonic();
      for (const grant of grants) {
        sum += grant.tokens;
        if (sum >= tokens) return grant.dueAt;
      }
      return undefined;
    },
    reserve(tokens) {
      if (tokens >= 0) reserved += tokens;
      else {
        const ended = Math.min(-tokens, sent);
        sent -= ended;
        reserved = Math.max(0, reserved + tokens + ended);
      }
    },
    spend() {
      if (reserved > 0) {
        reserved -= 1;
        sent += 1;
      }
      keep();
      const [grant] = due();
      if (grant === undefined) owed += 1;
      else grant.tokens -= 1;
    },
    dropDue() {
      keep();
      let spare = Math.max(0, sumOf(due()) - owed - reserved);
      const dropped = spare;
      for (const grant of due()) {
        const taken = Math.min(spare, grant.tokens);
        grant.tokens -= taken;
        spare -= taken;
      }
      return dropped;
    },
  };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Unit {
  readonly ms: number;
  readonly letter: string;
}

const SECONDS: Unit = { ms: SECOND, letter: 's' };
const MINUTES: Unit = { ms: MINUTE, letter: 'm' };
const HOURS: Unit = { ms: HOUR, letter: 'h' };
const DAYS: Unit = { ms: DAY, letter: 'd' };
const YEARS: Unit = { ms: YEAR, letter: 'y' };

/**
 * Up to which time a duration is told in which units: `2m5s`, `47h`, `3d4h`
 * (k8s.io/apimachinery pkg/util/duration, HumanDuration).
 */
const STEPS: readonly (readonly [below: number, unit: Unit, rest?: Unit])[] = [
  [2 * MINUTE, SECONDS],
  [10 * MINUTE, MINUTES, SECONDS],
  [3 * HOUR, MINUTES],
  [8 * HOUR, HOURS, MINUTES],
  [2 * DAY, HOURS],
  [8 * DAY, DAYS, HOURS],
  [2 * YEAR, DAYS],
  [8 * YEAR, YEARS, DAYS],
  [Number.POSITIVE_INFINITY, YEARS],
];

/** How long ago an RFC 3339 time was at `now` (ms since the epoch), as kubectl shows it. */
export function ago(time: string | undefined, now: number): string {
  if (time === undefined) return '<unknown>';
  const ms = now - Date.parse(time);
  if (Number.isNaN(ms)) return '<unknown>';
  if (ms <= -2 * SECOND) return '<invalid>';
  const elapsed = Math.max(0, ms);
  const step = STEPS.find(([below]) => elapsed < below);
  if (step === undefined) return '<unknown>';
  const [, unit, rest] = step;
  const whole = `${Math.floor(elapsed / unit.ms)}${unit.letter}`;
  const left = rest === undefined ? 0 : Math.floor((elapsed % unit.ms) / rest.ms);
  return left === 0 ? whole : `${whole}${left}${rest?.letter}`;
}
